import assert from 'node:assert/strict';
import { ladder, reviewBy, standingOn, type Review } from '../../src/exit/review.js';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const review: Review = {
  remindAfterMs: [24 * HOUR, 48 * HOUR, 72 * HOUR],
  withinMs: 5 * DAY,
  escalateEveryMs: 7 * DAY,
  escalateTo: { name: 'Head of HR', email: 'head-of-hr@acme.example' },
};
const upTo = (changes: Partial<Review>, limitMs: number) => {
  const rungs = [];
  for (const rung of ladder({ ...review, ...changes })) {
    if (rung.afterMs > limitMs) return rungs;
    rungs.push(rung);
  }
  return rungs;
};

describe('the ladder of an open decision', () => {
  it('reminds as configured, and then escalates at a steady interval', () => {
    assert.deepEqual(
      upTo({}, 20 * DAY).map(({ kind, number, afterMs }) => [kind, number, afterMs / HOUR]),
      [
        ['remind', 1, 24],
        ['remind', 2, 48],
        ['remind', 3, 72],
        ['escalate', 1, 5 * 24],
        ['escalate', 2, 12 * 24],
        ['escalate', 3, 19 * 24],
      ],
    );
  });

  it('may have no reminders', () => {
    assert.equal(upTo({ remindAfterMs: [] }, YEAR)[0]?.kind, 'escalate');
  });

  it('has a bounded number of rungs in a year: 55 for the sample company, at most 172', () => {
    assert.equal(upTo({}, YEAR).length, 3 + 52);
    const hasty = {
      remindAfterMs: Array.from({ length: 20 }, (_, i) => i + 1),
      withinMs: 100,
      escalateEveryMs: 1,
    };
    assert.equal(upTo(hasty, YEAR).length, 20 + 100 + 52);
  });

  it('tells the latest rung that is due, and the next one', () => {
    const standing = (hours: number) => {
      const { due, next } = standingOn(review, hours * HOUR);
      return [due && `${due.kind} ${due.number}`, `${next.kind} ${next.number}`];
    };
    assert.deepEqual(standing(0), [undefined, 'remind 1']);
    assert.deepEqual(standing(24), ['remind 1', 'remind 2']);
    assert.deepEqual(standing(100), ['remind 3', 'escalate 1']);
    assert.deepEqual(standing(13 * 24), ['escalate 2', 'escalate 3']);
  });

  it('counts the due date of the decision from the resignation', () => {
    assert.equal(reviewBy('2026-11-24T09:00:00.000Z', review), '2026-11-29T09:00:00.000Z');
  });
});
