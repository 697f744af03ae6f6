/** The wait for the decision, as a ladder: reminders to HR, then an escalation at a steady interval. Silence never decides. */
import { z } from 'zod';
import { ContactFields } from './people.js';

/** Who is asked for the decision again, and when. Counted from the resignation, in milliseconds. */
export const ReviewFields = z.object({
  /** When HR is reminded, in rising order. */
  remindAfterMs: z.array(z.number().nonnegative()),
  /** When the decision is overdue, and escalated. */
  withinMs: z.number().nonnegative(),
  /** How long after an escalation the next one follows. */
  escalateEveryMs: z.number().positive(),
  escalateTo: ContactFields,
});
export type Review = z.output<typeof ReviewFields>;

export interface Rung {
  kind: 'remind' | 'escalate';
  /** Counted from 1, of its kind. */
  number: number;
  afterMs: number;
}

/** The step that a rung is. */
export const rungStep = { remind: 'remind-hr-partner', escalate: 'escalate-decision' } as const;

/** Each rung costs about eleven events of a history that ends at 51,200, so whatever is configured, it gets slow in the end. */
const STEADY_ESCALATIONS = 100;
const SLOW_MS = 7 * 24 * 60 * 60 * 1000;

/** The rungs, without end: until somebody decides. */
export function* ladder({ remindAfterMs, withinMs, escalateEveryMs }: Review): Generator<Rung, never> {
  for (const [i, afterMs] of remindAfterMs.entries()) yield { kind: 'remind', number: i + 1, afterMs };
  for (let number = 1, afterMs = withinMs; ; number += 1) {
    yield { kind: 'escalate', number, afterMs };
    afterMs += number < STEADY_ESCALATIONS ? escalateEveryMs : Math.max(escalateEveryMs, SLOW_MS);
  }
}

/** @returns the latest rung that is due, which stands for those before it, and the one that follows */
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
  /** The latest rung that fell due, whether it went out or not. It stands for those that an outage has swallowed. */
  rung: DueRung | undefined;
  private readonly latest: Partial<Record<Rung['kind'], number>> = {};
  private readonly out: Record<Rung['kind'], Set<number>> = { remind: new Set(), escalate: new Set() };

  constructor(private readonly openedAt: string) {}

  /** How many reminders went out. */
  get reminders(): number {
    return this.out.remind.size;
  }

  /** @returns the rung that falls due by now, where it is a new one */
  advance(review: Review, now: string): DueRung | undefined {
    const { due } = standingOn(review, Date.parse(now) - Date.parse(this.openedAt));
    if (!due || (this.rung && this.rung.afterMs >= due.afterMs)) return undefined;
    const dueAt = new Date(Date.parse(this.openedAt) + due.afterMs).toISOString();
    this.latest[due.kind] = due.number;
    return (this.rung = { ...due, dueAt });
  }

  /** @returns whether it is the latest of its kind that fell due */
  markSent(kind: Rung['kind'], number: number): boolean {
    this.out[kind].add(number);
    return this.latest[kind] === number;
  }
}
