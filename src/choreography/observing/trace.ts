/** The causal tree of an exit: each event under its cause, with the delay, and each unkept promise in its place. */
import type { AnyEvent } from '../../exit/events.js';
import type { DeadLetter } from '../dead-letters/read.js';
import type { TrackedPromise } from './promises.js';
import type { ObservedExit } from './tracker.js';

interface Placed {
  /** ISO 8601, UTC: when it was recorded; of a missing event, when it is due. */
  at: string;
  /** Milliseconds after its cause; absent at a root and for a missing event. */
  afterMs?: number | undefined;
  children: TraceNode[];
}

export type TraceNode = Placed &
  (
    | {
        kind: 'event';
        event: string;
        id: string;
        source: string;
        data: unknown;
        /** Why the exit rejects it. */
        rejected?: string | undefined;
        /** Its `causationid`, where the stream has no such earlier event. */
        unknownCause?: string | undefined;
      }
    | ({ kind: 'missing' } & Pick<
        TrackedPromise,
        'event' | 'consumer' | 'step' | 'system' | 'state' | 'remark' | 'deadLetter'
      >)
    | ({ kind: 'dead-letter' } & Pick<DeadLetter, 'id' | 'consumer' | 'type' | 'reason' | 'replayedAt'>)
  );

/** @returns the events without a known cause; the first is the resignation */
export function traceOf({ events, rejected, promises, letters }: ObservedExit): TraceNode[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  // A cause must be earlier, so that no published event can be its own ancestor.
  const causeOf = ({ causationId, seq }: AnyEvent): AnyEvent | undefined => {
    const cause = causationId === undefined ? undefined : byId.get(causationId);
    return cause && cause.seq < seq ? cause : undefined;
  };
  const missing = promises.filter(({ state }) => state !== 'done' && state !== 'waived');
  const shownWithPromise = new Set(missing.map(({ deadLetter }) => deadLetter));

  const nodeOf = (event: AnyEvent): TraceNode => {
    const cause = causeOf(event);
    const { type, id, source, data, seq, storedAt: at, causationId } = event;
    const children = [
      ...events.filter((each) => causeOf(each) === event).map(nodeOf),
      ...letters
        .filter((letter) => letter.original === seq && !shownWithPromise.has(letter.id))
        .map(letterNode(at)),
      ...missing.filter(({ becauseOf }) => becauseOf === id).map(missingNode),
    ];
    return {
      ...{ kind: 'event', event: type, id, source, at, data, rejected: rejected.get(seq) },
      afterMs: cause && msBetween(cause.storedAt, at),
      unknownCause: cause ? undefined : causationId,
      children,
    };
  };
  return events.filter((event) => !causeOf(event)).map(nodeOf);
}

const letterNode =
  (causedAt: string) =>
  ({ id, consumer, type, reason, at, replayedAt }: DeadLetter): TraceNode => ({
    ...{ kind: 'dead-letter', id, consumer, type, reason, replayedAt, at, children: [] },
    afterMs: msBetween(causedAt, at),
  });

const missingNode = (promise: TrackedPromise): TraceNode => {
  const { event, consumer, step, system, state, due, remark, deadLetter } = promise;
  const missing = { event, consumer, step, system, state, remark, deadLetter };
  return { kind: 'missing', ...missing, at: due, children: [] };
};

const msBetween = (from: string, to: string): number => Date.parse(to) - Date.parse(from);
