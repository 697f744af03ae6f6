import assert from 'node:assert/strict';
import { isConcerned, notAStranger, type Whose } from '../../src/exit/acting.js';
import { contactsOf } from '../../src/exit/contacts.js';
import { effectiveDayOf } from '../../src/exit/decision.js';
import { reviewBefore } from '../../src/exit/review.js';
import { planOf } from '../support/plan.js';

const dana = { employeeId: 'E-1002', identities: ['dana.fox@acme.example', 'dfox', 'dana@home.example'] };

describe('the employee concerned', () => {
  for (const address of [
    'dana.fox@acme.example',
    'Dana.Fox@ACME.example',
    'dana.fox+hr@acme.example',
    '"dana.fox"@acme.example',
    'dana+a+b@home.example',
    'dfox@acme.example',
    'E-1002@acme.example',
  ])
    it(`is recognised as ${address}`, () => assert.ok(isConcerned(address, dana)));

  for (const address of [
    'hr@acme.example',
    'dana.fox@other.example',
    'dfox@other.example',
    '+dana@home.example',
  ])
    it(`is not taken for ${address}`, () => assert.ok(!isConcerned(address, dana)));
});

describe('a person who acts', () => {
  const problem = (address: string, whose?: Whose) =>
    notAStranger({ ...dana, named: ['hr@acme.example'], whose })('by', address);

  it('needs no look-up where the plan names the address', () => {
    assert.equal(problem('hr@acme.example'), undefined);
  });
  it('is a colleague where the directory knows another person', () => {
    assert.equal(problem('ravi@acme.example', { employeeIds: ['E-1001'] }), undefined);
  });
  it('is refused as a stranger, as the employee under a new address, where it cannot be told, and without a look-up', () => {
    assert.match(problem('eva@evil.example', { employeeIds: [] })!, /the directory knows no such address/);
    assert.match(problem('df@acme.example', { employeeIds: ['E-1002'] })!, /is the employee concerned/);
    assert.match(
      problem('x@acme.example', { problem: 'it is down' })!,
      /cannot tell whose .* it is down.*hr@acme/,
    );
    assert.match(problem('x@acme.example')!, /was not looked up/);
  });
});

describe('the contacts of an exit', () => {
  const plan = planOf([{ name: 'payroll', hold: { kind: 'suspend' } }]);
  const emails = (identities: string[], successor?: { name: string; email: string }) => {
    const { hrPartner, operator, escalateTo } = contactsOf(plan, successor, {
      employeeId: 'E-1',
      identities,
    });
    return [hrPartner.email, operator.email, escalateTo.email];
  };

  it('are those of the plan, and another one stands in for the employee', () => {
    const [hr, it, board] = ['hr@acme.example', 'it@acme.example', 'board@acme.example'] as const;
    assert.deepEqual(emails([]), [hr, it, board]);
    assert.deepEqual(emails([hr]), [board, it, board]);
    assert.deepEqual(emails([it]), [hr, hr, board]);
    assert.deepEqual(emails([board]), [hr, it, hr]);
    assert.deepEqual(emails([hr], { name: 'Ida', email: 'ida@acme.example' }), [
      'ida@acme.example',
      it,
      board,
    ]);
  });
});

describe('the dates of a decision', () => {
  const leaving = { outcome: 'leaving', decidedBy: 'hr@acme.example' } as const;

  it('give leaving the day after the last working day, the effective date, or no day', () => {
    const lastWorkingDay = '2027-02-28';
    assert.equal(effectiveDayOf(leaving, { lastWorkingDay }), '2027-03-01');
    assert.equal(effectiveDayOf({ ...leaving, effectiveOn: '2027-02-01' }, { lastWorkingDay }), '2027-02-01');
    assert.equal(effectiveDayOf({ ...leaving, now: true }, { lastWorkingDay }), undefined);
    assert.equal(effectiveDayOf(leaving, {}), undefined);
    assert.equal(effectiveDayOf({ ...leaving, outcome: 'withdrawn' }, { lastWorkingDay }), undefined);
  });

  it('compress the ladder where the last working day comes first, and leave HR an hour', () => {
    const hour = 3_600_000;
    const { review } = planOf([{ name: 'payroll', hold: { kind: 'suspend' } }]);
    const at = (openedAt: string, lastWorkingDay?: string) => {
      const { withinMs, remindAfterMs } = reviewBefore(review, openedAt, lastWorkingDay);
      return [withinMs / hour, ...remindAfterMs.map((ms) => ms / hour)];
    };
    assert.deepEqual(at('2026-11-23T12:00:00Z'), [120, 24]);
    assert.deepEqual(at('2026-11-23T12:00:00Z', '2027-01-29'), [120, 24]);
    assert.deepEqual(at('2026-11-23T12:00:00Z', '2026-11-25'), [48, 9.6]);
    assert.deepEqual(at('2026-11-23T18:00:00Z', '2026-11-23'), [1, 0.2]);
  });
});
