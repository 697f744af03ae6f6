/** The promises that consumers declare in their metadata, and the state of each promise of an exit. */
import { z } from 'zod';
import { isEventType, type AnyEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import { isSettled, stepKey, type Step } from '../../exit/status.js';
import type { Bus } from '../jetstream/bus.js';
import type { DeadLetter } from '../dead-letters/read.js';
import { EXITS } from '../jetstream/streams.js';

/** Further fields of other services' promises are ignored. */
const Declaration = z.object({
  on: z.string(),
  event: z.string(),
  /** Limits the promise to events with these data: `{"outcome":"leaving"}`, or one of several values in an array. */
  when: z.record(z.string(), z.unknown()).optional(),
  step: z.string().optional(),
  system: z.string().optional(),
  within: z.number().positive(),
});
const Declarations = z.array(Declaration);

/** A promise that `event` follows `on` within so many milliseconds. */
type Declared = z.output<typeof Declaration> & { consumer: string };

export interface Declarations {
  promises: Declared[];
  /** By consumer: why its metadata cannot be parsed. */
  problems: Map<string, string>;
}

/** Reads the metadata of all consumers, so that a new service appears without any configuration. */
export async function readDeclarations({ jsm }: Bus): Promise<Declarations> {
  const promises: Declared[] = [];
  const problems = new Map<string, string>();
  for await (const { name, config } of jsm.consumers.list(EXITS)) {
    const text = config.metadata?.['promises'];
    if (text === undefined) continue;
    try {
      for (const declared of Declarations.parse(JSON.parse(text)))
        promises.push({ ...declared, consumer: name });
    } catch (error) {
      problems.set(name, (error as Error).message.replace(/\s+/g, ' '));
    }
  }
  return { promises, problems };
}

type PromiseState = 'done' | 'open' | 'overdue' | 'dead-lettered' | 'waived';

export interface TrackedPromise {
  consumer: string;
  /** The event that is promised. */
  event: string;
  step?: string | undefined;
  system?: string | undefined;
  /** `waived`: a decision or an operator has made it obsolete. */
  state: PromiseState;
  /** The id of the triggering event. */
  becauseOf: string;
  since: string;
  due: string;
  doneAt?: string | undefined;
  remark?: string | undefined;
  /** The id of the dead letter. */
  deadLetter?: string | undefined;
}

interface ExitToTrack {
  exit: Exit;
  /** Every event of the exit, in stream order. */
  events: readonly AnyEvent[];
  /** By stream sequence: why the exit rejects an event. */
  rejected: ReadonlyMap<number, string>;
  letters: readonly DeadLetter[];
  /** ISO 8601, UTC. */
  now: string;
}

/** @returns the promises that the events of the exit have triggered */
export const trackPromises = (declared: readonly Declared[], of: ExitToTrack): TrackedPromise[] =>
  declared.flatMap((promise) => {
    const cause = causeOf(promise, of);
    return cause ? (track(promise, cause, of) ?? []) : [];
  });

function causeOf({ on, when = {} }: Declared, { exit, events, rejected }: ExitToTrack): AnyEvent | undefined {
  return events.findLast(
    ({ type, data, seq }) =>
      type === on &&
      !rejected.has(seq) &&
      // A decision that has not taken effect may be superseded.
      (type !== 'exit.decision-finalised' || seq === exit.decision?.seq) &&
      Object.entries(when).every(([name, value]) => [value].flat().includes(field(data, name))),
  );
}

function track(promise: Declared, cause: AnyEvent, of: ExitToTrack): TrackedPromise | undefined {
  const { consumer, event, step: name, system, within } = promise;
  const tracked = (since: string, settlement: Settlement, step?: Step): TrackedPromise => {
    const due = new Date(Date.parse(since) + within).toISOString();
    const letter = liveLetter(promise, cause, since, of);
    const lateness = of.now > due ? 'overdue' : 'open';
    return {
      ...{ consumer, event, step: name, system },
      state: settlement.state ?? (letter ? 'dead-lettered' : lateness),
      becauseOf: cause.id,
      since,
      due,
      doneAt: settlement.doneAt,
      remark: settlement.remark ?? (settlement.state ? undefined : (letter?.reason ?? step?.error)),
      deadLetter: settlement.state ? undefined : letter?.id,
    };
  };
  // For EMS steps the exit has the state. A step that its plan lacks has no promise.
  if (name !== undefined && isEventType(event)) {
    const step = of.exit.step(name, system);
    return step && tracked(step.startedAt ?? cause.storedAt, settlementOf(step), step);
  }
  const kept = of.events.find((each) => each.type === event && followsFrom(each, cause, system, of.events));
  return tracked(cause.storedAt, kept ? { state: 'done', doneAt: kept.storedAt } : {});
}

type Settlement = Partial<Pick<TrackedPromise, 'state' | 'doneAt' | 'remark'>>;

function settlementOf(step: Step): Settlement {
  const { state, finishedAt: doneAt, by, note } = step;
  if (!isSettled(step)) return {};
  if (state === 'skipped') return { state: 'waived', remark: by === undefined ? note : `skipped by ${by}` };
  return { state: 'done', doneAt, remark: state === 'done-by-hand' ? `by hand, by ${by}` : undefined };
}

/** Whether an event follows from a cause: by its chain of `causationid`s, or without one, by its later position. */
function followsFrom(
  event: AnyEvent,
  cause: AnyEvent,
  system: string | undefined,
  events: readonly AnyEvent[],
): boolean {
  if (event.seq < cause.seq) return false;
  if (system !== undefined && field(event.data, 'system') !== system) return false;
  const seen = new Set<string>();
  let id = event.causationId;
  if (id === undefined) return true;
  while (id !== undefined && !seen.has(id)) {
    if (id === cause.id) return true;
    seen.add(id);
    id = events.find((each) => each.id === id)?.causationId;
  }
  return false;
}

/** The dead letter of a promise, unless it was replayed or the step began again since. */
function liveLetter(
  { consumer, step, system }: Declared,
  cause: AnyEvent,
  since: string,
  { exit, letters }: ExitToTrack,
): DeadLetter | undefined {
  return letters.findLast(
    (letter) =>
      letter.consumer === consumer &&
      letter.exitId === exit.exitId &&
      (letter.step === undefined || step === undefined
        ? letter.original === cause.seq
        : letter.step === stepKey({ name: step, system })) &&
      letter.replayedAt === undefined &&
      letter.at >= since,
  );
}

const field = (data: unknown, name: string): unknown =>
  typeof data === 'object' && data !== null ? (data as Record<string, unknown>)[name] : undefined;
