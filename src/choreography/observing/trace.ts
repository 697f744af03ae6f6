/** The causal tree of an exit: what followed from what, how long after, and in its place what has been promised and is not there. */
import type { AnyEvent } from '../../exit/events.js';
import type { DeadLetter } from '../dead-letters/read.js';
import type { TrackedPromise } from './promises.js';
import type { ObservedExit } from './tracker.js';

interface Placed {
  /** ISO 8601, UTC: when it was recorded; of what is missing, when it is due. */
  at: string;
  /** Milliseconds after what it follows from; absent at the root, and of what is missing. */
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
        /** Why it counts for nothing. */
        rejected?: string | undefined;
        /** The id of an event that it says it follows from, and that is not there. */
        unknownCause?: string | undefined;
      }
    | ({ kind: 'missing' } & Pick<
        TrackedPromise,
        'event' | 'consumer' | 'step' | 'system' | 'state' | 'remark' | 'deadLetter'
      >)
    | ({ kind: 'dead-letter' } & Pick<DeadLetter, 'id' | 'consumer' | 'type' | 'reason' | 'replayedAt'>)
  );

/** @returns the events that follow from nothing that is known; the first is the resignation */
export function traceOf({ events, rejected, promises, letters }: ObservedExit): TraceNode[] {
  const byId = new Map(events.map((event) => [event.id, event]));
  // A cause comes first, so that whatever strangers write no event is its own ancestor.
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
