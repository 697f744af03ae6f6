import assert from 'node:assert/strict';
import { anOperator, isConcerned, notAStranger, type Whose } from '../../src/exit/acting.js';
import { contactsOf, present } from '../../src/exit/contacts.js';
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

  const is = (...employeeIds: string[]) => ({ employeeIds, openExits: [] });

  it('counts in the stream without a look-up where the plan names the address', () => {
    assert.equal(problem('hr@acme.example'), undefined);
    assert.equal(problem('hr@acme.example', is()), undefined, 'the directory need not know it');
  });
  it('is refused while they have an open exit of their own, also where the plan names them', () => {
    const leaving = { employeeIds: ['E-1001'], openExits: ['E-1001'] };
    for (const address of ['hr@acme.example', 'ravi@acme.example'])
      assert.match(problem(address, leaving)!, /has an open exit of their own/);
    assert.match(anOperator(dana, leaving)('by', 'it@acme.example')!, /has an open exit of their own/);
  });
  it('cannot decide nor override where the directory does not tell who they are, and can resolve', () => {
    const down = { problem: 'it is down' };
    assert.match(problem('hr@acme.example', down)!, /cannot tell whose .*: it is down\. Try again/);
    assert.match(anOperator(dana, down, true)('by', 'it@acme.example')!, /cannot tell whose/);
    assert.equal(anOperator(dana, down)('by', 'it@acme.example'), undefined);
  });
  it('is a colleague where the directory knows another person', () => {
    assert.equal(problem('ravi@acme.example', is('E-1001')), undefined);
  });
  it('is refused as a stranger, as the employee under a new address, and without a look-up', () => {
    assert.match(problem('eva@evil.example', is())!, /the directory knows no such address/);
    assert.match(problem('df@acme.example', is('E-1002'))!, /is the employee concerned/);
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

describe('a mail to those who stand in for one another', () => {
  const [ada, ben, cem] = ['ada', 'ben', 'cem'].map((name) => ({ name, email: `${name}@acme.example` }));
  const to = (...answers: (boolean | undefined)[]) => {
    const leaving = new Map([ada, ben, cem].map((each, at) => [each!.email, answers[at]]));
    const those = present([ada!, ben!, cem!], leaving);
    return those.map(({ name }) => name).join(' and ');
  };

  it('goes to the first one without an open exit of their own; where that cannot be told of one, to the next one too', () => {
    assert.equal(to(false, false, false), 'ada');
    assert.equal(to(true, false, false), 'ben');
    assert.equal(to(undefined, false, false), 'ada and ben');
    assert.equal(to(true, undefined, undefined), 'ben and cem');
    assert.equal(to(true, true, undefined), 'cem');
    assert.equal(to(true, true, true), 'ada', 'one person hears it');
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
