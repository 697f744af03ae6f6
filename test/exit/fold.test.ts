import assert from 'node:assert/strict';
import type { EventData, EventType, StoredEvent } from '../../src/exit/events.js';
import { foldLog } from '../../src/exit/fold.js';
import { stepKey } from '../../src/exit/status.js';
import { planOf } from '../support/plan.js';

const HR = { name: 'Acme HR', email: 'hr@acme.example' };
const systems = ['payroll', 'code'];
const minute = (n: number): string => new Date(Date.UTC(2026, 10, 23, 9, n)).toISOString();

/** A stream: each event a minute after the one before. */
function streamOf(...said: [type: EventType, data: object, exitId?: string, id?: string][]): StoredEvent[] {
  return said.map(([type, data, exitId = 'first', id], n) => {
    const times = { time: minute(n), storedAt: minute(n) };
    const place = { source: '/a/test', employeeId: 'E-1', exitId, id: id ?? `event-${n}`, seq: n + 1 };
    return { type, data, ...times, ...place } as unknown as StoredEvent;
  });
}
const fold = (events: StoredEvent[], now = minute(50)) => foldLog(events, now);
const plan = planOf(systems.map((name) => ({ name, hold: { kind: 'suspend' } })));
const resigned: [EventType, object] = ['employee.resigned', { employeeId: 'E-1', plan }];
const told: [EventType, object] = [
  'manager.notified',
  { of: 'resignation', to: 'boss@acme.example', identities: ['nora@acme.example'], notes: [] },
];
const invited: [EventType, object] = [
  'interview.scheduled',
  {
    ...{ uid: '', sequence: 0, start: minute(40), end: minute(45), timeZone: 'Europe/Berlin', attendees: [] },
    identities: [],
    notes: [],
  } satisfies EventData['interview.scheduled'],
];
const blocked = (system: string): [EventType, object] => [
  'access.blocked',
  { system, identities: [], notes: [] } satisfies EventData['access.blocked'],
];
const restored = (system: string): [EventType, object] => ['access.restored', { system, notes: [] }];
const decided = (outcome: string, more = {}): [EventType, object] => [
  'exit.decision-finalised',
  { outcome, decidedBy: HR.email, ...more },
];
const toldEmployee: [EventType, object] = [
  'employee.notified',
  { sent: [{ to: 'nora@acme.example', messageId: '<1@acme.example>' }], identities: [], notes: [] },
];
const begun = [resigned, told, invited, blocked('payroll'), blocked('code'), toldEmployee];
const outcome: [EventType, object] = [
  'manager.notified',
  { of: 'outcome', to: 'x', identities: [], notes: [] },
];
const withdrawn: [EventType, object] = ['interview.cancelled', { withdrawn: true, notes: [] }];
const over = [...begun, decided('retained'), restored('payroll'), restored('code'), withdrawn, outcome];

describe('the fold of an employee’s events', () => {
  it('derives the phase, the time of the block and who is to decide', () => {
    assert.equal(fold(streamOf(resigned)).latest!.phase, 'starting');
    const waiting = fold(streamOf(...begun)).latest!.status();
    assert.equal(waiting.phase, 'awaiting-decision');
    assert.equal(waiting.blockedAt, minute(4));
    assert.match(waiting.awaiting, /Acme HR \(hr@acme.example\) is to decide/);
  });

  it('closes the exit once every step that it owes is done', () => {
    assert.equal(fold(streamOf(...over.slice(0, -1))).latest!.phase, 'restoring');
    const closed = fold(streamOf(...over)).latest!;
    assert.equal(closed.phase, 'closed');
    assert.equal(closed.closedAt, minute(over.length - 1));
  });

  it('names the event after which the manager can be told of the outcome', () => {
    const last = 2 + over.findIndex(([type]) => type === 'access.restored');
    assert.ok(fold(streamOf(...over)).latest!.ledger.causeSeq('notify-manager-of-outcome') === last);
  });

  it('ignores events that are stored twice', () => {
    const twice = streamOf(...over).flatMap((event) => [event, event]);
    assert.deepEqual(fold(twice).latest!.status(), fold(streamOf(...over)).latest!.status());
  });

  it('opens a second exit only after the first has closed', () => {
    const second: [EventType, object, string] = [...resigned, 'second'];
    const refused = fold(streamOf(...begun, second));
    assert.equal(refused.latest!.exitId, 'first');
    assert.match(refused.rejected.get(begun.length + 1)!, /already has an open exit, first/);
    assert.equal(fold(streamOf(...over, second)).latest!.exitId, 'second');
  });

  it('rejects an event of an unknown exit or of another employee', () => {
    assert.match(fold(streamOf(told)).rejected.get(1)!, /E-1 has no exit first/);
    const other: [EventType, object] = ['employee.resigned', { employeeId: 'E-2' }];
    assert.match(fold(streamOf(other)).rejected.get(1)!, /the resignation of E-2/);
  });

  it('weighs a decision only once the identities of the employee are known', () => {
    const early = fold(streamOf(resigned, decided('retained')));
    assert.equal(early.latest!.decision, undefined);
    assert.ok(early.latest!.isDecisionPending(2));
    assert.equal(fold(streamOf(resigned, decided('retained'), told)).latest!.ending, 'retained');
    const own = fold(streamOf(resigned, decided('retained', { decidedBy: 'nora@acme.example' }), told));
    assert.match(own.rejected.get(2)!, /is the employee concerned/);
    assert.equal(own.latest!.status().rejectedDecisions.length, 1);
  });

  it('carries out a dated decision when its date has come', () => {
    const dated = decided('leaving', { effectiveOn: '2026-11-23', effectiveAt: minute(30) });
    const stream = streamOf(...begun, dated);
    assert.equal(fold(stream, minute(29)).latest!.phase, 'awaiting-effective-date');
    const due = fold(stream, minute(30)).latest!;
    assert.equal(due.phase, 'revoking');
    assert.ok(due.isOpen('revoke-access', 'payroll'));
    assert.equal(fold(streamOf(...begun, dated, decided('retained')), minute(29)).latest!.phase, 'restoring');
    assert.match(
      fold(streamOf(...begun, dated, decided('leaving'))).rejected.get(begun.length + 2)!,
      /the first decision stands/,
    );
  });

  it('skips the steps that a decision makes pointless, and records those that succeed all the same', () => {
    const { latest } = fold(streamOf(resigned, told, decided('retained'), blocked('code')));
    const states = Object.fromEntries(latest!.steps.map((step) => [stepKey(step), step.state]));
    assert.equal(states['block-access:payroll'], 'skipped');
    assert.equal(states['block-access:code'], 'done');
    assert.equal(states['schedule-hr-interview'], 'skipped');
  });

  it('lets a named person mend a stuck step', () => {
    const stuck: [EventType, object] = [
      'step.needs-attention',
      { step: 'block-access', system: 'code', error: 'refused' },
    ];
    const resolved = (action: string): [EventType, object] => [
      'step.resolved',
      { step: 'block-access', system: 'code', action, by: 'it@acme.example' },
    ];
    const start = [resigned, told, toldEmployee, invited, blocked('payroll'), stuck];
    const waiting = fold(streamOf(...start)).latest!.status();
    assert.equal(waiting.phase, 'awaiting-decision');
    assert.ok(waiting.needsAttention && /look at block-access:code/.test(waiting.awaiting));
    const again = fold(streamOf(...start, resolved('retry'))).latest!;
    assert.deepEqual(
      [again.step('block-access', 'code')!.state, again.phase],
      ['running', 'awaiting-decision'],
    );
    const byHand = fold(streamOf(...start, resolved('done-by-hand'), resolved('skip')));
    assert.equal(byHand.latest!.step('block-access', 'code')!.by, 'it@acme.example');
    assert.match(byHand.rejected.get(begun.length + 2)!, /is already done-by-hand/);
  });

  const stuck = (error: string, step = 'block-access'): [EventType, object] => [
    'step.needs-attention',
    { step, ...(step === 'block-access' && { system: 'code' }), error },
  ];
  const reminded = (number: number): [EventType, object] => [
    'hr.reminded',
    { number, of: 3, to: HR.email, messageId: `<${number}@acme.example>` },
  ];
  const waiting = [resigned, told, toldEmployee, invited, blocked('payroll')];

  it('names who is to decide: the first one whom the last mail has not passed over', () => {
    const toHr = (to: string): [EventType, object] => [
      told[0],
      { ...told[1], also: [{ to, messageId: '' }] },
    ];
    const remind = (number: number, to: string): [EventType, object] => [
      'hr.reminded',
      { number, of: 3, to, messageId: '' },
    ];
    const decider = (...events: [EventType, object][]) => {
      const { decider, awaiting } = fold(
        streamOf(...begun.filter((each) => each !== told), ...events),
      ).latest!.status();
      assert.ok(awaiting.includes(`(${decider!.email}) is to decide`), awaiting);
      return decider!.email;
    };
    const BOARD = 'board@acme.example';
    assert.equal(decider(toHr(HR.email)), HR.email);
    assert.equal(decider(toHr(BOARD)), BOARD);
    assert.equal(decider(toHr(BOARD), remind(1, HR.email)), HR.email);
    assert.equal(decider(toHr(HR.email), remind(1, 'it@acme.example')), 'it@acme.example');
    assert.equal(decider(toHr('not-in-turn@acme.example')), HR.email);
    // Any program may publish to the stream, also before the plan.
    const early = streamOf(['employee.resigned', { employeeId: 'E-1' }], remind(1, BOARD), toHr(BOARD));
    assert.equal(fold(early).latest!.phase, 'starting');
  });

  it('gives each cause one notice to the operator, and another when it recurs after a mend', () => {
    const notices = (...events: [EventType, object][]) => {
      const exit = fold(streamOf(...waiting, ...events)).latest!;
      return [exit.notices.latest, exit.notices.due(exit.steps).map(({ error }) => error)];
    };
    const tell = (number: number): [EventType, object] => [
      'operator.notified',
      { number, steps: [], sent: [] },
    ];
    const drifted: [EventType, object] = [
      'access.drifted',
      { system: 'code', what: 'active again', seenAt: minute(9), reasserts: true },
    ];
    assert.deepEqual(notices(stuck('503')), [1, ['503']]);
    assert.deepEqual(notices(stuck('503'), tell(1), stuck('503')), [1, []]);
    assert.deepEqual(notices(stuck('503'), tell(1), stuck('403')), [2, ['403']]);
    assert.deepEqual(notices(stuck('503'), blocked('code')), [1, []], 'mended before the notice');
    const again = [stuck('503'), tell(1), blocked('code'), drifted, stuck('503')];
    assert.deepEqual(notices(...again), [3, ['active again', '503']], 'the drift is news');
    assert.deepEqual(notices(stuck('no such mailbox', 'notify-operator')), [0, []]);
  });

  it('tells the operator of each fault of a calendar once, whichever step met it', () => {
    const arranged = (type: EventType, ...faults: string[]): [EventType, object] => [
      type,
      { ...invited[1], faults },
    ];
    const events = [
      ...[resigned, told, toldEmployee, arranged('interview.scheduled', 'lunch.ics', 'room.ics')],
      ...[blocked('payroll'), blocked('code')],
      ['interview.reschedule-requested', { next: true }] as [EventType, object],
      arranged('interview.rescheduled', 'room.ics', 'gym.ics'),
    ];
    const exit = fold(streamOf(...events)).latest!;
    const due = exit.notices.due(exit.steps);
    assert.deepEqual(
      due.map(({ error }) => error),
      ['lunch.ics', 'room.ics', 'gym.ics'],
    );
    assert.deepEqual([exit.step('notify-operator')?.state, exit.status().needsAttention], ['running', false]);
  });

  it('tells the operator once a server has said who the employee is, who may be the operator', () => {
    const unknown = fold(streamOf(resigned, stuck('two accounts'))).latest!;
    assert.deepEqual([unknown.isNoticeHeldBack, unknown.step('notify-operator')], [true, undefined]);
    const known = fold(streamOf(resigned, stuck('two accounts'), told)).latest!;
    assert.deepEqual([known.isNoticeHeldBack, known.step('notify-operator')?.state], [false, 'running']);
    const unasked = ['notify-manager', 'notify-employee', 'schedule-hr-interview'].map((step) =>
      stuck('no such person', step),
    );
    const nowhere = fold(streamOf(resigned, stuck('two accounts'), ...unasked)).latest!;
    assert.equal(nowhere.step('notify-operator')?.state, 'running', 'payroll may take long');
    const mended = fold(streamOf(resigned, stuck('two accounts'), blocked('code'), told)).latest!;
    assert.deepEqual([mended.isNoticeHeldBack, mended.step('notify-operator')], [false, undefined]);
  });

  it('skips open reminders and notices at the decision, and closes without them', () => {
    const exit = fold(streamOf(...begun, stuck('450', 'remind-hr-partner'), decided('leaving'))).latest!;
    assert.equal(exit.step('remind-hr-partner')!.state, 'skipped');
    assert.equal(exit.ladder.reminders, 0);
    assert.equal(fold(streamOf(...begun, reminded(1))).latest!.ladder.reminders, 1);
    const revoked = (system: string): [EventType, object] => ['access.revoked', { system, notes: [] }];
    const ended = fold(
      streamOf(
        ...begun,
        stuck('450', 'escalate-decision'),
        decided('leaving'),
        ...[revoked('payroll'), revoked('code'), outcome],
      ),
    ).latest!;
    assert.equal(ended.phase, 'closed');
    assert.equal(ended.step('notify-operator')!.state, 'skipped');
  });

  it('needs no attention for a reminder that failed while the decision came', () => {
    for (const events of [
      [...begun, decided('retained'), stuck('550', 'remind-hr-partner')],
      [...over, stuck('550', 'escalate-decision')],
    ])
      assert.equal(fold(streamOf(...events)).latest!.status().needsAttention, false);
  });

  it('starts one reschedule at a time, and refuses a time in the past', () => {
    const wish: [EventType, object] = ['interview.reschedule-requested', { next: true }];
    const moving = fold(streamOf(...begun, wish, wish));
    assert.equal(moving.latest!.step('reschedule-hr-interview')!.state, 'running');
    assert.match(moving.rejected.get(begun.length + 2)!, /is being arranged: try again/);
    const past: [EventType, object] = ['interview.reschedule-requested', { at: '2020-01-01T00:00:00Z' }];
    assert.match(fold(streamOf(...begun, past)).rejected.get(begun.length + 1)!, /lies in the past/);
    const moved: [EventType, object] = [
      'interview.rescheduled',
      { ...invited[1], start: minute(42), sequence: 1 },
    ];
    const { interview, steps } = fold(streamOf(...begun, wish, moved)).latest!.status();
    assert.equal(interview!.start, minute(42));
    assert.equal(steps.find(({ name }) => name === 'reschedule-hr-interview')!.state, 'done');
  });

  it('begins a confirmed block again where the owner of a system is to look again, until the exit has an ending', () => {
    const manual = { withinMs: 60_000, lookAgainEveryMs: 600_000 };
    const asked = planOf([{ name: 'payroll', hold: { kind: 'suspend' }, manual }]);
    const confirmed: [EventType, object] = [
      'step.resolved',
      {
        ...{ step: 'block-access', system: 'payroll', action: 'done-by-hand' },
        ...{ by: 'lena@acme.example', evidence: 'TICKET-1' },
      },
    ];
    const stream = streamOf(['employee.resigned', { employeeId: 'E-1', plan: asked }], confirmed);
    const block = (now: string, ...more: [EventType, object][]) => {
      const later = streamOf(...more).map((event, n) => ({ ...event, seq: 3 + n, id: `later-${n}` }));
      const { latest } = fold([...stream, ...later.map((event) => ({ ...event, storedAt: minute(5) }))], now);
      return latest!;
    };
    assert.equal(block(minute(10)).step('block-access', 'payroll')!.state, 'done-by-hand');
    const again = block(minute(11));
    const { state, startedAt, by } = again.step('block-access', 'payroll')!;
    assert.deepEqual([state, startedAt, by], ['running', minute(11), undefined]);
    assert.equal(again.ledger.causeSeq('block-access', 'payroll'), 2, 'the confirmation is its cause');
    const { blocked, reminders } = again.request({ name: 'block-access', system: 'payroll' });
    assert.deepEqual([blocked!.evidence, reminders], ['TICKET-1', 0]);
    const over = block(minute(11), told, decided('retained'));
    assert.equal(over.step('block-access', 'payroll')!.state, 'done-by-hand');
  });
});
