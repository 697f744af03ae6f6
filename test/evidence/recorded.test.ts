import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import { recorded, recordedFacts } from './recorded.js';

const HR = 'hr@acme.example';
const IT = 'it@acme.example';
const critical = ['production-operators', 'production-admins'];

const system = ({ systems }: Evidence, name: string) => systems.find((each) => each.system === name)!;
const names = (groups: { displayName: string }[] | undefined) =>
  groups?.map(({ displayName }) => displayName);
const mailsOf = ({ mails }: Evidence) => mails.map(({ mail }) => mail).toSorted();
const hows = (span: Evidence['times']['resignationToBlock'] | undefined) =>
  span?.systems.map(({ how }) => how);

/** Counted from the first one, which is the number of its slot. */
const sequencesOf = (interview: Evidence['interview']) =>
  interview.map(({ what, sequence }, _i, [first]) => [what, sequence! - first!.sequence!]);

describe('the evidence of recorded exits', () => {
  for (const file of readdirSync('test/histories')) {
    const name = path.basename(file, '.json');
    it(`of ${name} has its times in order and on one clock, and every duration between two of them`, async () => {
      const { openedAt, closedAt, timeline, times, systems } = await recorded(name);
      const moments = timeline.map(({ at }) => at);
      assert.deepEqual(moments, moments.toSorted());
      assert.equal(moments[0], openedAt);
      if (closedAt) assert.equal(moments.at(-1), closedAt);
      for (const at of moments) assert.match(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      for (const { system, ms } of times.resignationToBlock.systems) {
        const { at } = systems.find((each) => each.system === system)!.block;
        assert.equal(ms, at && Date.parse(at) - Date.parse(openedAt));
      }
    });
  }

  it('says of a retained exit that access was given back as it was, and how long each part took', async () => {
    const evidence = await recorded('retained');
    const { times, state, outcome, decisions, interview, resolutions, attention, missing } = evidence;
    assert.deepEqual([state, outcome, missing, resolutions, attention], ['closed', 'retained', [], [], []]);
    assert.ok(times.resignationToBlock.allMs! > 0 && times.decisionToEnd!.allMs! > 0);
    assert.equal(times.effectiveToEnd, undefined);
    assert.equal(
      evidence.verdict.replace(/, [\d.]+ s after/, ', N s after'),
      `Retained, as decided by ${HR}: access was observed restored on all 3 systems, N s after the decision.`,
    );
    assert.deepEqual(
      decisions.map(({ via, name, identity, decidedBy, result }) => [via, name, identity, decidedBy, result]),
      [['update', 'finaliseDecision', 'recorder', HR, 'accepted']],
    );

    const payroll = system(evidence, 'payroll');
    assert.equal(payroll.before?.active, true);
    assert.deepEqual(payroll.block.taken, { suspended: true, groups: [] });
    assert.deepEqual(payroll.end?.givenBack, payroll.block.taken);
    assert.equal(payroll.end?.after?.active, true);
    const production = system(evidence, 'production');
    assert.deepEqual(names(production.before?.groups), critical);
    assert.deepEqual(names(production.block.taken?.groups), critical);
    assert.deepEqual(names(production.end?.after?.groups), critical);

    assert.deepEqual(sequencesOf(interview), [
      ['invited', 0],
      ['withdrawn', 1],
    ]);
    assert.equal(new Set(interview.map(({ uid }) => uid)).size, 1);
    assert.deepEqual(mailsOf(evidence), [
      ...['cancelHrInterview', 'cancelHrInterview'],
      ...['notifyEmployee', 'notifyHr', 'notifyManager', 'notifyManagerOfOutcome'],
      ...['scheduleHrInterview', 'scheduleHrInterview'],
    ]);
    const told = evidence.mails.find(({ mail }) => mail === 'notifyManager');
    assert.match(told!.messageId!, /^<.+\.notify-manager\..+@acme\.example>$/);
  });

  it('says of a leaving exit what was revoked beyond what the hold had taken', async () => {
    const evidence = await recorded('leaving');
    assert.equal(evidence.outcome, 'leaving');
    assert.deepEqual(hows(evidence.times.decisionToEnd), ['observed', 'observed', 'observed']);
    const { end } = system(evidence, 'production');
    assert.deepEqual([end?.what, names(end?.removedGroups)], ['revoked', ['readers']]);
    assert.deepEqual(end?.after, { active: false, groups: [] });
    assert.deepEqual(
      evidence.interview.map(({ what }) => what),
      ['invited'],
    );
  });

  it('says of a cancelled exit which client called it off, and that access was given back', async () => {
    const evidence = await recorded('cancelled');
    assert.deepEqual([evidence.state, evidence.outcome, evidence.decisions], ['cancelled', 'cancelled', []]);
    assert.deepEqual(
      evidence.cancelRequests.map(({ identity }) => identity),
      ['recorder'],
    );
    assert.equal(evidence.times.decisionToEnd?.from, evidence.cancelRequests[0]!.at);
    assert.match(evidence.verdict, /^Cancelled: .* all 3 systems, [\d.]+ s after the cancellation\.$/);
  });

  it('says of an open exit what is observed so far, without asking a worker', async () => {
    const evidence = await recorded('awaiting-decision');
    assert.deepEqual([evidence.state, evidence.phase], ['open', 'awaiting-decision']);
    assert.ok(evidence.times.resignationToBlock.allMs! > 0);
    assert.equal(evidence.times.decisionToEnd, undefined);
    assert.deepEqual(evidence.missing, ['The exit is open: the report ends at the time it was read.']);
    assert.match(evidence.verdict, /^Open, not yet decided: access was observed blocked on all 3 systems/);
  });

  it('says which steps needed attention, why and until when, and calls no manual work observed', async () => {
    const evidence = await recorded('attention-and-mended');
    const asked = new Map(evidence.attention.map((each) => [each.step!, each]));
    for (const step of ['block-access:code', 'notify-manager']) assert.ok(asked.get(step)?.until, step);
    assert.match(asked.get('block-access:code')!.why, /^code answered 403/);
    assert.match(asked.get('notify-manager')!.why, /did not go out: connect ECONNREFUSED/);
    assert.deepEqual(
      evidence.resolutions.map(({ step, action, by, result }) => [step, action, by, result]),
      [['block-access:code', 'done-by-hand', IT, 'done-by-hand']],
    );
    assert.equal(asked.get('block-access:code')!.until, evidence.resolutions[0]!.at);
    assert.deepEqual(hows(evidence.times.resignationToBlock), ['observed', 'confirmed', 'observed']);
    assert.equal(evidence.times.resignationToBlock.allMs, undefined);
    assert.deepEqual(hows(evidence.times.decisionToEnd), ['observed', 'observed', 'observed']);
    assert.match(
      evidence.verdict,
      /Until then .* blocked on payroll and production; a person confirmed it blocked, which EMS did not observe, on code/,
    );
  });

  it('says what was given back of a block that the decision cut short', async () => {
    const evidence = await recorded('decision-before-block');
    const code = system(evidence, 'code');
    assert.deepEqual([code.block.how, code.block.at], ['given-up', undefined]);
    assert.deepEqual(code.end?.givenBack, { suspended: true, groups: [] });
    // The second look, when nothing of the block can land any more, is the one that verifies.
    const restored = (await recordedFacts('decision-before-block')).filter(
      (fact) => fact.kind === 'restored' && fact.system === 'code',
    );
    assert.deepEqual([restored.length, code.end?.at], [2, restored[1]!.at]);
  });

  it('says that "retained" superseded "leaving" before its effective date', async () => {
    const { decisions, outcome, times } = await recorded('leaving-later-then-retained');
    assert.deepEqual(
      decisions.map(({ outcome, effectiveOn, result }) => [outcome, effectiveOn, result]),
      [
        ['leaving', decisions[0]!.effectiveOn, 'superseded'],
        ['retained', undefined, 'accepted'],
      ],
    );
    assert.match(decisions[0]!.effectiveOn!, /^\d{4}-/);
    assert.deepEqual([outcome, times.effectiveToEnd], ['retained', undefined]);
  });

  it('says which messages were no decision, and why', async () => {
    const { decisions } = await recorded('rubbish-signals');
    assert.deepEqual(
      decisions.map(({ via, name, result }) => [via, name, result]),
      [
        ['signal', 'decisionFinalised', 'refused'],
        ['signal', 'somethingElse', 'refused'],
        ['update', 'finaliseDecision', 'accepted'],
      ],
    );
    assert.equal(decisions[0]!.received, '{"outcome":"promoted"}');
    assert.match(decisions[0]!.reason!, /must be "retained", "leaving"/);
    assert.match(decisions[1]!.reason!, /unknown signal/);
  });
});

describe('the evidence of recorded exits with more mail', () => {
  it('lists every mail with its Message-ID: to the manager, the employee, HR and the operator, reminders and escalations too', async () => {
    const { mails } = await recorded('overdue');
    const kinds = new Set(mails.map(({ mail }) => mail));
    for (const kind of [
      'notifyManager',
      'notifyEmployee',
      'scheduleHrInterview',
      'remindHrPartner',
      'escalate',
    ])
      assert.ok(kinds.has(kind), `no ${kind}`);
    for (const { messageId, mail } of mails) assert.match(messageId ?? '', /^<.+@acme\.example>$/, mail);
    const attention = await recorded('attention-and-mended');
    assert.ok(attention.mails.some(({ mail }) => mail === 'notifyOperator'));
  });

  it('tells each time of the interview under increasing SEQUENCE, and its withdrawal', async () => {
    const { interview } = await recorded('interview-moved');
    assert.deepEqual(sequencesOf(interview), [
      ['invited', 0],
      ['rescheduled', 1],
      ['rescheduled', 2],
      ['withdrawn', 3],
    ]);
  });
});
