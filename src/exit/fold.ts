/**
 * The events of one employee, in the order of the stream, as exits. Whoever folds the same events comes to the same answer: which
 * resignation counts, which decision stands, which step is done, when an exit is over.
 */
import type { StoredEvent } from './events.js';
import { FoldedExit } from './folded-exit.js';

export interface FoldOptions {
  /** The critical systems of an exit whose resignation names none. */
  systems: readonly string[];
  /** ISO 8601, UTC. */
  now: string;
}

export interface FoldedLog {
  /** By exit id. */
  exits: ReadonlyMap<string, FoldedExit>;
  /** The one that began last; only this one can be open. */
  latest: FoldedExit | undefined;
  /** By stream sequence: why an event counts for nothing. */
  rejected: ReadonlyMap<number, string>;
}

/** @param events all that the stream has of one employee */
export function foldLog(events: readonly StoredEvent[], { systems, now }: FoldOptions): FoldedLog {
  const exits = new Map<string, FoldedExit>();
  const rejected = new Map<number, string>();
  const seen = new Map<string, StoredEvent>();
  let latest: FoldedExit | undefined;
  const reject = (seq: number, why: string) => void rejected.set(seq, why);

  const resigned = (event: StoredEvent<'employee.resigned'>): string | undefined => {
    const known = exits.get(event.exitId);
    if (known) return `the exit ${event.exitId} has begun already, at ${known.openedAt}`;
    if (latest && !latest.closedAt)
      return `${event.employeeId} already has an open exit, ${latest.exitId}, since ${latest.openedAt}`;
    if (event.data.employeeId !== event.employeeId)
      return `the resignation of ${event.data.employeeId} came under the subject of ${event.employeeId}`;
    latest = new FoldedExit(event, [...new Set(event.data.systems ?? systems)], reject);
    exits.set(event.exitId, latest);
    return undefined;
  };

  for (const event of events) {
    // Said again, because nobody heard that it had been taken.
    const key = `${event.exitId} ${event.id}`;
    const first = seen.get(key);
    if (first && first.type === event.type) continue;
    if (first) {
      reject(event.seq, `the id ${event.id} is that of ${first.type} by ${first.source}`);
      continue;
    }
    seen.set(key, event);
    latest?.passTime(event.storedAt);
    const exit = exits.get(event.exitId);
    if (event.type === 'employee.resigned') {
      const problem = resigned(event);
      if (problem !== undefined) reject(event.seq, problem);
    } else if (exit) exit.apply(event);
    else reject(event.seq, `${event.employeeId} has no exit ${event.exitId}`);
  }
  latest?.passTime(now);
  return { exits, latest, rejected };
}
