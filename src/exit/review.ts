/** The review ladder: while the decision is open, reminders to HR, then an escalation at a steady interval. Silence never decides. */
import { z } from 'zod';
import { ContactFields } from './people.js';

/** When HR is reminded and when the decision is escalated, in milliseconds from the resignation. */
export const ReviewFields = z.object({
  /** In ascending order. */
  remindAfterMs: z.array(z.number().nonnegative()),
  /** When the decision is overdue: the first escalation. */
  withinMs: z.number().nonnegative(),
  /** The interval between two escalations. */
  escalateEveryMs: z.number().positive(),
  escalateTo: ContactFields,
});
export type Review = z.output<typeof ReviewFields>;

const HOUR_MS = 3_600_000;

/**
 * The ladder of an exit, compressed where its last working day comes first. Noon in UTC is on that day in nearly every time zone. HR has an
 * hour in any case.
 */
export function reviewBefore(review: Review, openedAt: string, lastWorkingDay: string | undefined): Review {
  if (lastWorkingDay === undefined) return review;
  const leftMs = Date.parse(`${lastWorkingDay}T12:00:00Z`) - Date.parse(openedAt);
  const withinMs = Math.min(review.withinMs, Math.max(HOUR_MS, leftMs));
  if (withinMs === review.withinMs) return review;
  const share = withinMs / review.withinMs;
  return { ...review, withinMs, remindAfterMs: review.remindAfterMs.map((ms) => Math.round(ms * share)) };
}

export interface Rung {
  /** Its position on the ladder, from 0. */
  index: number;
  kind: 'remind' | 'escalate';
  /** Counts from 1 within its kind. */
  number: number;
  afterMs: number;
}

/** The step that sends a rung. */
export const rungStep = { remind: 'remind-hr-partner', escalate: 'escalate-decision' } as const;

/** Each rung adds about eleven events, and Temporal ends a history at 51,200. After so many escalations the interval grows to a week. */
const STEADY_ESCALATIONS = 100;
const SLOW_MS = 7 * 24 * 60 * 60 * 1000;

/** The rungs in order, without end. */
export function* ladder({ remindAfterMs, withinMs, escalateEveryMs }: Review): Generator<Rung, never> {
  for (const [index, afterMs] of remindAfterMs.entries())
    yield { index, kind: 'remind', number: index + 1, afterMs };
  for (let number = 1, afterMs = withinMs; ; number += 1) {
    yield { index: remindAfterMs.length + number - 1, kind: 'escalate', number, afterMs };
    afterMs += number < STEADY_ESCALATIONS ? escalateEveryMs : Math.max(escalateEveryMs, SLOW_MS);
  }
}

/** @returns the latest rung that is due, which replaces the ones before it, and the next one */
export function standingOn(review: Review, elapsedMs: number): { due: Rung | undefined; next: Rung } {
  let due: Rung | undefined;
  for (const next of ladder(review)) {
    if (next.afterMs > elapsedMs) return { due, next };
    due = next;
  }
  throw new RangeError('the ladder has no end');
}

export const reviewBy = (openedAt: string, { withinMs }: Pick<Review, 'withinMs'>): string =>
  new Date(Date.parse(openedAt) + withinMs).toISOString();

/** A rung that is due. */
export interface DueRung extends Rung {
  /** ISO 8601, UTC. */
  dueAt: string;
}

/** Where the wait for the decision stands on the ladder. */
export class Ladder {
  /** The latest rung that fell due, sent or not. After an outage it replaces the ones before it. */
  rung: DueRung | undefined;
  private readonly latest: Partial<Record<Rung['kind'], number>> = {};
  private readonly sent: Record<Rung['kind'], Set<number>> = { remind: new Set(), escalate: new Set() };

  constructor(private readonly openedAt: string) {}

  /** How many reminders were sent. */
  get reminders(): number {
    return this.sent.remind.size;
  }

  /** @returns the latest rung that is due at `now`; undefined where it is the same as before */
  advance(review: Review, now: string): DueRung | undefined {
    const { due } = standingOn(review, Date.parse(now) - Date.parse(this.openedAt));
    if (!due || (this.rung && this.rung.index >= due.index)) return undefined;
    const dueAt = new Date(Date.parse(this.openedAt) + due.afterMs).toISOString();
    this.latest[due.kind] = due.number;
    return (this.rung = { ...due, dueAt });
  }

  /** @returns whether it is the latest rung of its kind that fell due */
  markSent(kind: Rung['kind'], number: number): boolean {
    this.sent[kind].add(number);
    return this.latest[kind] === number;
  }
}
