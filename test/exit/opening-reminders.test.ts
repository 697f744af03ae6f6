import assert from 'node:assert/strict';
import { reviewFrom } from '../../src/config/planning.js';
import type { WaitingOpening } from '../../src/exit/opening.js';
import { findingOf, lookEveryMs, openingReminders } from '../../src/exit/opening-reminders.js';
import { sampleConfig } from '../support/sample-config.js';

/** Reminders after 24, 48 and 72 h, an escalation after 120 h, and then each week. */
const review = reviewFrom(sampleConfig);
const hours = (count: number): string =>
  new Date(Date.parse('2026-11-26T10:00:00Z') + count * 3_600_000).toISOString();
const asked = (submittedBy: string, at: number): WaitingOpening => ({
  resignation: { employeeId: `E-${at}`, submittedBy },
  beyond: 'hour',
  askedAt: hours(at),
});
const due = (openings: WaitingOpening[], now: number, lookedAt?: number) =>
  openingReminders(openings, review, hours(now), lookedAt === undefined ? undefined : hours(lookedAt)).map(
    ({ askedBy, kind, number, count }) => `${askedBy}: ${kind} ${number}, ${count}`,
  );

describe('the reminders of openings that wait', () => {
  it('follow the ladder of a decision, from the oldest opening that each one asked for', () => {
    const openings = [asked('hris', 5), asked('hris', 0), asked('hr@acme.example', 20)];
    assert.deepEqual(due(openings, 23), []);
    assert.deepEqual(due(openings, 24), ['hris: remind 1, 2']);
    assert.deepEqual(due(openings, 50), ['hris: remind 2, 2', 'hr@acme.example: remind 1, 1']);
    assert.deepEqual(due(openings, 121), ['hris: escalate 1, 2', 'hr@acme.example: remind 3, 1']);
    assert.deepEqual(due(openings, 120 + 168), ['hris: escalate 2, 2', 'hr@acme.example: escalate 1, 1']);
  });

  it('come once, and after an outage the latest one alone', () => {
    const openings = [asked('hris', 0)];
    assert.deepEqual(due(openings, 30, 23), ['hris: remind 1, 1']);
    assert.deepEqual(due(openings, 40, 30), []);
    assert.deepEqual(due(openings, 100, 30), ['hris: remind 3, 1']);
    assert.deepEqual(due([asked('hris', 90)], 100, 30), []);
  });

  it('are looked for at least every hour, and as often as a short policy needs', () => {
    assert.equal(lookEveryMs(review), 3_600_000);
    assert.equal(lookEveryMs({ ...review, remindAfterMs: [0, 90_000] }), 90_000);
    assert.equal(lookEveryMs({ ...review, withinMs: 5 }), 1_000);
  });
});

it('openings that wait are a finding, and something is wrong once a reminder was due', () => {
  assert.deepEqual(findingOf([], review, hours(100)), []);
  const isWell = (now: number) =>
    findingOf([asked('hris', 0)], review, hours(now)).map((each) => each.isWell);
  assert.deepEqual([isWell(1), isWell(25)], [['yes'], ['no']]);
});
