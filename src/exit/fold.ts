/**
 * Folds the events of one employee, in stream order, into exits. Every reader of the same events gets the same result: which resignation
 * counts, which decision stands, which step is done, when an exit is over.
 */
import type { StoredEvent } from './events.js';
import { Exit } from './exit.js';
import type { Trusted } from './signature.js';

export interface FoldedLog {
  /** By exit id. */
  exits: ReadonlyMap<string, Exit>;
  /** The exit that began last; only this one can be open. */
  latest: Exit | undefined;
  /** By stream sequence: why the fold ignores an event. */
  rejected: ReadonlyMap<number, string>;
}

/**
 * @param events every event of one employee in the stream
 * @param now ISO 8601, UTC
 * @param trusted whose signature counts, by the reader's configuration; default: by each plan, which a stranger may have written
 */
export function foldLog(events: readonly StoredEvent[], now: string, trusted?: Trusted): FoldedLog {
  const exits = new Map<string, Exit>();
  const rejected = new Map<number, string>();
  const seen = new Map<string, StoredEvent>();
  let latest: Exit | undefined;
  const reject = (seq: number, why: string | undefined) => why !== undefined && rejected.set(seq, why);

  const resigned = (event: StoredEvent<'employee.resigned'>): string | undefined => {
    const { exitId, employeeId, id, seq, storedAt: openedAt } = event;
    const { plan, ...resignation } = event.data;
    const known = exits.get(exitId);
    if (known) return `the exit ${exitId} has begun already, at ${known.openedAt}`;
    if (latest && !latest.closedAt)
      return `${employeeId} already has an open exit, ${latest.exitId}, since ${latest.openedAt}`;
    if (resignation.employeeId !== employeeId)
      return `the resignation of ${resignation.employeeId} has the subject of ${employeeId}`;
    latest = new Exit({ exitId, form: 'choreographed', resignation, openedAt, seq, id, trusted }, reject);
    if (plan) latest.evolve({ ...event, type: 'exit.planned', data: { plan } });
    exits.set(exitId, latest);
    return undefined;
  };

  for (const event of events) {
    // A duplicate: the acknowledgement of the first publish was lost.
    const key = `${event.exitId} ${event.id}`;
    const first = seen.get(key);
    if (first && first.type === event.type) continue;
    if (first) {
      reject(event.seq, `the id ${event.id} belongs to ${first.type} by ${first.source}`);
      continue;
    }
    seen.set(key, event);
    latest?.advanceTo(event.storedAt);
    const exit = exits.get(event.exitId);
    if (event.type === 'employee.resigned') reject(event.seq, resigned(event));
    else reject(event.seq, exit ? exit.evolve(event) : `${event.employeeId} has no exit ${event.exitId}`);
  }
  latest?.advanceTo(now);
  return { exits, latest, rejected };
}
