import assert from 'node:assert/strict';
import { parseRescheduling } from '../../src/exit/rescheduling.js';

const now = '2026-11-24T09:00:00Z';

describe('a request to reschedule the interview', () => {
  const good: [what: string, input: unknown][] = [
    ['to a given time', { at: '2026-12-01T14:00:00+01:00' }],
    ['to a given time in UTC, with who asked', { at: '2026-12-01T13:00:00Z', by: 'hr@acme.example' }],
    ['to the next free slot', { next: true }],
  ];
  for (const [what, input] of good) {
    it(`is accepted: ${what}`, () =>
      assert.deepEqual(parseRescheduling(input, now), { ok: true, value: input }));
  }

  const bad: [what: string, input: unknown, problem: RegExp][] = [
    ['no content', undefined, /must be an object such as/],
    ['neither a time nor "next"', {}, /must have either "at", a time, or "next": true/],
    ['both a time and "next"', { at: '2026-12-01T14:00:00Z', next: true }, /but not both/],
    ['a time without an offset', { at: '2026-12-01T14:00:00' }, /^at: must be a time such as/],
    ['a time that is not one', { at: 'tomorrow' }, /^at: must be a time such as/],
    ['a time in the past', { at: '2026-11-24T09:59:00+01:00' }, /^at: .* lies in the past/],
    ['who asked, without a mail address', { next: true, by: 'HR' }, /^by: must be a mail address/],
  ];
  for (const [what, input, problem] of bad) {
    it(`is refused with what was expected: ${what}`, () => {
      const parsed = parseRescheduling(input, now);
      assert.equal(parsed.ok, false);
      assert.match((parsed as { problem: string }).problem, problem);
    });
  }
});
