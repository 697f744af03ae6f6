import assert from 'node:assert/strict';
import { notTheEmployee } from '../../src/exit/acting.js';
import { parseDecision, type Decision, type DecisionContext } from '../../src/exit/decision.js';

const context: DecisionContext = {
  employeeId: 'E-1002',
  problemWith: notTheEmployee({ employeeId: 'E-1002', identities: ['dana.fox@acme.example', 'dfox'] }),
  awaitingEffectiveDate: false,
  cancelled: false,
  today: '2026-11-23',
};
const retained: Decision = { outcome: 'retained', decidedBy: 'hr@acme.example' };
const leaving: Decision = { outcome: 'leaving', decidedBy: 'hr@acme.example' };
const leavingLater: Decision = { ...leaving, effectiveOn: '2026-12-31' };

function refusal(input: unknown, changed: Partial<DecisionContext> = {}): string {
  const parsed = parseDecision(input, { ...context, ...changed });
  assert.equal(parsed.ok, false, 'it was accepted');
  return (parsed as { problem: string }).problem;
}

describe('a decision', () => {
  for (const decision of [retained, leaving, leavingLater]) {
    it(`is accepted: ${JSON.stringify(decision)}`, () => {
      assert.deepEqual(parseDecision(decision, context), { ok: true, value: decision });
    });
  }

  const bad: [what: string, input: unknown, problem: RegExp][] = [
    ['a number', 42, /must be an object/],
    ['null', null, /must be an object/],
    [
      'an unknown outcome',
      { ...retained, outcome: 'promoted' },
      /^outcome: must be "retained", "leaving", "withdrawn" or "wrong-person"/,
    ],
    ['no decider', { outcome: 'retained' }, /^decidedBy: must be a mail address/],
    [
      'an effective date with "retained"',
      { ...retained, effectiveOn: '2026-12-31' },
      /^effectiveOn: is allowed with .*"leaving" only/,
    ],
    [
      'an effective date in the past',
      { ...leaving, effectiveOn: '2026-11-22' },
      /^effectiveOn: 2026-11-22 lies in the past/,
    ],
    [
      'an effective date in a mistyped year',
      { ...leaving, effectiveOn: '3026-12-01' },
      /^effectiveOn: 3026-12-01 lies more than 2 years ahead: check the year/,
    ],
    [
      'decided by the employee',
      { ...retained, decidedBy: 'Dana.Fox@ACME.example' },
      /is the employee concerned/,
    ],
  ];
  for (const [what, input, problem] of bad)
    it(`is refused: ${what}`, () => assert.match(refusal(input), problem));

  it('stands once it was accepted', () => {
    assert.match(
      refusal(leaving, { standing: retained }),
      /hr@acme.example has already decided "retained"; the first decision stands/,
    );
    assert.match(refusal(retained, { standing: leaving }), /the first decision stands/);
  });

  it('of "retained" may replace one of "leaving" before its effective date; no other may', () => {
    const waiting = { standing: leavingLater, awaitingEffectiveDate: true };
    assert.equal(parseDecision(retained, { ...context, ...waiting }).ok, true);
    assert.match(refusal(leaving, waiting), /the first decision stands/);
  });

  it('is refused after a cancellation', () =>
    assert.match(refusal(retained, { cancelled: true }), /was cancelled/));
});
