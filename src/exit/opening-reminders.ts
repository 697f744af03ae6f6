/** Openings that wait are not forgotten: the ladder of reminders of a decision, counted from the oldest one that each person or program asked for. */
import type { Finding } from './finding.js';
import type { WaitingOpening } from './opening.js';
import { standingOn, type Review, type Rung } from './review.js';

/** One mail for all openings of the one who asked, so that many openings are not many mails. */
export interface OpeningReminder extends Pick<Rung, 'kind' | 'number'> {
  /** A mail address, or the name of a program. */
  askedBy: string;
  /** Of the oldest one: ISO 8601, UTC. */
  askedAt: string;
  /** How many wait. */
  count: number;
  /** How many reminders there are before the escalation. */
  of: number;
}

const HOUR_MS = 3_600_000;

const agesOf = (review: Review): number[] => [
  ...review.remindAfterMs,
  review.withinMs,
  review.escalateEveryMs,
];

/** How often to look, so that a reminder is late by little. */
export const lookEveryMs = (review: Review): number =>
  Math.max(1_000, Math.min(HOUR_MS, ...agesOf(review).filter((ms) => ms > 0)));

/**
 * @param lookedAt when this was last asked, ISO 8601 in UTC; undefined where it never was
 * @returns the latest reminder of each one who asked, where it fell due since
 */
export function openingReminders(
  openings: readonly WaitingOpening[],
  review: Review,
  now: string,
  lookedAt = '',
): OpeningReminder[] {
  const byAsker = new Map<string, string[]>();
  for (const { resignation, askedAt } of openings)
    byAsker.set(resignation.submittedBy, [...(byAsker.get(resignation.submittedBy) ?? []), askedAt]);
  return [...byAsker].flatMap(([askedBy, times]) => {
    const askedAt = times.toSorted()[0]!;
    const { due } = standingOn(review, Date.parse(now) - Date.parse(askedAt));
    if (!due || new Date(Date.parse(askedAt) + due.afterMs).toISOString() <= lookedAt) return [];
    const { kind, number } = due;
    return [{ askedBy, askedAt, count: times.length, kind, number, of: review.remindAfterMs.length }];
  });
}

/** What an operator reads of them: once the first reminder was due, something is wrong. */
export function findingOf(openings: readonly WaitingOpening[], review: Review, now: string): Finding[] {
  const [oldest] = openings.map(({ askedAt }) => askedAt).toSorted();
  if (oldest === undefined) return [];
  const { due } = standingOn(review, Date.parse(now) - Date.parse(oldest));
  const wait = openings.length === 1 ? '1 opening waits' : `${openings.length} openings wait`;
  return [
    {
      ...{ about: 'openings', name: 'that wait for a second person', isWell: due ? 'no' : 'yes' },
      ...{ since: oldest, count: openings.length },
      remark: `${wait} for a second person, and nothing of them is blocked: ems openings`,
    },
  ];
}
