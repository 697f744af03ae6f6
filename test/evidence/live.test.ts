import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import type { Resignation } from '../../src/exit/resignation.js';
import { readInvitation } from '../support/interview.js';
import {
  CRITICAL_GROUPS,
  HR,
  IT,
  startWorld,
  stateOf,
  systems,
  type Hired,
  type World,
} from '../support/world.js';

const names = (groups: { displayName: string }[] | undefined) =>
  groups?.map(({ displayName }) => displayName).toSorted();
const system = (evidence: Evidence, name: string) => evidence.systems.find((each) => each.system === name)!;

describe('the evidence of an exit', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ config: [['attentionAfter: PT15M', 'attentionAfter: PT3S']] });
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const read = ({ employeeId }: Hired): Promise<Evidence> => world.exits.report(employeeId, 'test');
  const handleOf = ({ employeeId }: Hired) => world.client.workflow.getHandle(exitWorkflowId(employeeId));

  async function waiting(
    resignation: Partial<Resignation> = {},
    hire: Parameters<World['hire']>[0] = {},
  ): Promise<Hired> {
    const nora = await world.hire(hire);
    await world.exits.open({ employeeId: nora.employeeId, ...resignation });
    await world.untilPhase(nora, 'awaiting-decision');
    return nora;
  }
  async function decided(nora: Hired, outcome: 'retained' | 'leaving'): Promise<void> {
    await world.exits.decide(nora.employeeId, { outcome, decidedBy: HR, note: 'as talked about' });
    await world.untilPhase(nora, 'closed');
    await handleOf(nora).result();
  }

  it('that ended retained tells who, what, when, and that each system was seen as it was before', async () => {
    const nora = await waiting({ reason: 'a new job', submittedBy: 'Nora', lastWorkingDay: '2999-12-31' });
    await decided(nora, 'retained');
    const evidence = await read(nora);
    const { employee, exitId, source, decisions, times } = evidence;
    assert.equal(employee.manager?.email, nora.manager);
    assert.deepEqual(
      [evidence.reason, evidence.submittedBy, evidence.lastWorkingDay],
      ['a new job', 'Nora', '2999-12-31'],
    );
    const { runId, historyLength } = await handleOf(nora).describe();
    assert.deepEqual([exitId, source.runId, source.events], [runId, runId, historyLength]);
    assert.deepEqual(
      decisions.map(({ outcome, decidedBy, note, result }) => [outcome, decidedBy, note, result]),
      [['retained', HR, 'as talked about', 'accepted']],
    );
    assert.match(decisions[0]!.identity!, /@/);
    for (const name of systems) {
      const { before, end } = system(evidence, name);
      assert.equal(end?.after?.active, before?.active, name);
      assert.deepEqual(names(end?.after?.groups), names(before?.groups), name);
    }
    assert.equal(
      times.resignationToBlock.allMs,
      Math.max(...times.resignationToBlock.systems.map(({ ms }) => ms!)),
    );
    assert.ok(times.decisionToEnd!.allMs! >= 0);
    assert.deepEqual(evidence.missing, []);
    const accepted = new Set(
      [nora.manager, nora.email, HR].flatMap((to) => world.mail.to(to).map(({ messageId }) => messageId)),
    );
    for (const { messageId } of evidence.mails) if (messageId) assert.ok(accepted.has(messageId), messageId);
  });

  it('that ended leaving names the account and every membership that went', async () => {
    const nora = await waiting();
    await decided(nora, 'leaving');
    const { end } = system(await read(nora), 'production');
    assert.deepEqual(names(end?.removedGroups), ['readers']);
    assert.deepEqual(
      end?.accounts?.map(({ id }) => id),
      [nora.accounts.production],
    );
  });

  it('names also the memberships that an attempt removed which never ended', async () => {
    const nora = await waiting({}, { on: ['production'] });
    // The membership goes, and nothing after it can be read: the attempt fails, and the next one finds nothing to remove.
    let isGone = false;
    world.proxies.production.fault(({ method, path }) => {
      if (method === 'PATCH' && path.includes('Groups')) isGone = true;
      return isGone && method === 'GET' ? { kind: 'answer', status: 503 } : undefined;
    });
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await world.until(
      nora,
      'revocation stuck',
      (status) => stateOf(status, 'revoke-access:production') === 'needs-attention',
    );
    await world.mend();
    await world.untilPhase(nora, 'closed');
    const evidence = await read(nora);
    assert.deepEqual(names(system(evidence, 'production').end?.removedGroups), ['readers']);
    assert.ok(evidence.attention.some(({ step, until }) => step === 'revoke-access:production' && until));
  });

  it('tells of decisions that came as signals which one stood, and why the others were refused', async () => {
    const nora = await waiting();
    const handle = handleOf(nora);
    await handle.signal('decisionFinalised', { outcome: 'retained', decidedBy: nora.email });
    await handle.signal('decisionFinalised', { outcome: 'leaving', decidedBy: HR });
    await handle.signal('decisionFinalised', { outcome: 'leaving', decidedBy: HR });
    await world.untilPhase(nora, 'closed');
    const { decisions, times } = await read(nora);
    assert.deepEqual(
      decisions.map(({ via, result }) => [via, result]),
      [
        ['signal', 'refused'],
        ['signal', 'accepted'],
        ['signal', 'refused'],
      ],
    );
    assert.match(decisions[0]!.reason!, /cannot decide on their own exit/);
    assert.match(decisions[2]!.reason!, /the first decision stands/);
    assert.equal(times.decisionToEnd?.from, decisions[1]!.at);
  });

  it('measures a revocation on a date from the moment when that day begins for the company', async () => {
    const nora = await waiting();
    const effectiveOn = new Intl.DateTimeFormat('sv-SE', {
      timeZone: world.config.interview.timeZone,
    }).format();
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR, effectiveOn });
    await world.untilPhase(nora, 'closed');
    const { times, verdict } = await read(nora);
    assert.match(times.effectiveToEnd!.from, /T2[23]:00:00\.000Z$/);
    const [sinceDecision, sinceDate] = [times.decisionToEnd!, times.effectiveToEnd!];
    assert.equal(
      sinceDate.allMs! - sinceDecision.allMs!,
      Date.parse(sinceDecision.from) - Date.parse(sinceDate.from),
    );
    assert.match(verdict, /after the decision\.$/);
  });

  it('tells of drift when it was seen, and when it was observed blocked again', async () => {
    const nora = await waiting();
    await world.admin.payroll.setActive(nora.accounts.payroll!, true);
    const drift = {
      system: 'payroll',
      what: 'the account is active again',
      seenAt: new Date().toISOString(),
    };
    await handleOf(nora).signal('holdDrifted', drift);
    await world.until(
      nora,
      'blocked again',
      ({ drifts, phase, steps }) =>
        drifts.length === 1 && phase === 'awaiting-decision' && steps.every(({ state }) => state === 'done'),
    );
    const { drifts, blocks } = system(await read(nora), 'payroll');
    assert.equal(blocks.length, 2);
    assert.deepEqual(drifts, [{ seenAt: drift.seenAt, what: drift.what, blockedAgainAt: blocks[1]!.at }]);
  });

  it('tells who mended what by hand, with what evidence', async () => {
    const nora = await world.hire();
    world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(
      nora,
      'attention',
      (status) => stateOf(status, 'block-access:code') === 'needs-attention',
    );
    const step = { step: 'block-access', system: 'code', by: IT };
    await world.exits.resolve(nora.employeeId, { ...step, action: 'done-by-hand', evidence: 'TICKET-42' });
    await world.mend();
    await world.untilPhase(nora, 'awaiting-decision');
    const { mended, attention, times } = await read(nora);
    assert.deepEqual(
      mended.map(({ step, action, by, evidence }) => [step, action, by, evidence]),
      [['block-access:code', 'done-by-hand', IT, 'TICKET-42']],
    );
    // By the clocks of the worker and of the server.
    const apartMs = Date.parse(attention[0]!.until!) - Date.parse(mended[0]!.at);
    assert.equal(attention[0]!.step, 'block-access:code');
    assert.ok(Math.abs(apartMs) < 1000, `${apartMs} ms apart`);
    assert.equal(times.resignationToBlock.systems.find(({ system }) => system === 'code')?.how, 'by-hand');
  });

  it('names an invitation also where the step never came to its end, and once where it did', async () => {
    const nora = await world.hire();
    world.mail.refuse((to) => (to === HR ? { code: 550, message: 'no such mailbox' } : undefined));
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(
      nora,
      'HR could not be invited',
      (status) => stateOf(status, 'schedule-hr-interview') === 'needs-attention',
    );
    const invited = ({ mails, interview }: Evidence) => [
      mails.filter(({ mail }) => mail === 'scheduleHrInterview').map(({ to }) => to),
      interview.map(({ what, sequence }) => [what, sequence]),
    ];
    const { sequence } = readInvitation(world.mail.invitationsTo(nora.email)[0]!).event;
    assert.deepEqual(invited(await read(nora)), [[nora.email], [['invited', sequence]]]);
    await world.mend();
    await world.exits.resolve(nora.employeeId, { step: 'schedule-hr-interview', action: 'retry', by: IT });
    await world.until(nora, 'HR', (status) => stateOf(status, 'schedule-hr-interview') === 'done');
    assert.deepEqual(invited(await read(nora)), [[nora.email, HR], [['invited', sequence]]]);
  });

  it('that was reset tells what happened before and after, each thing once, and from which run', async () => {
    const nora = await waiting();
    const handle = handleOf(nora);
    await handle.signal('decisionFinalised', { outcome: 'promoted' });
    await world.until(nora, 'refusal', ({ rejectedDecisions }) => rejectedDecisions.length === 1);
    const { events } = await handle.fetchHistory();
    const { runId: first } = await handle.describe();
    await world.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: handle.workflowId, runId: first },
      reason: 'past a mistake',
      requestId: randomUUID(),
      workflowTaskFinishEventId: events!.find((event) => event.workflowTaskCompletedEventAttributes)!
        .eventId!,
    });
    await world.untilPhase(nora, 'awaiting-decision');
    await decided(nora, 'retained');

    const evidence = await read(nora);
    const { resets, decisions, mails, openedAt, exitId, source, times } = evidence;
    assert.deepEqual(
      resets.map(({ from, reason }) => [from, /past a mistake/.test(reason ?? '')]),
      [[first, true]],
    );
    assert.deepEqual([exitId, source.earlierRuns, evidence.missing], [first, [first], []]);
    assert.deepEqual(
      decisions.map(({ result }) => result),
      ['refused', 'accepted'],
    );
    const told = mails.filter(({ mail }) => mail === 'notifyManager');
    assert.deepEqual(
      told.map(({ earlierRun }) => earlierRun),
      [first, undefined],
    );
    const { block, blocks } = system(evidence, 'payroll');
    assert.equal(blocks.length, 2);
    assert.equal(times.resignationToBlock.systems[0]!.ms, Date.parse(block.at!) - Date.parse(openedAt));
    assert.ok(block.at! < resets[0]!.at, 'the first block counts');
    const production = system(evidence, 'production');
    assert.deepEqual(names(production.before?.groups), CRITICAL_GROUPS.toSorted());
    assert.deepEqual(names(production.end?.after?.groups), CRITICAL_GROUPS.toSorted());
  });

  it('is refused with the reason where Temporal has none', async () => {
    await assert.rejects(world.exits.report('E-nobody', 'test'), {
      name: 'Refusal',
      message: /^Temporal has no exit of E-nobody: .* retention keeps histories/,
    });
  });

  it('is whole for a closed exit while no worker runs; of a cancelled or an open one it says what nobody could answer', async () => {
    const [closed, cancelled, open] = await Promise.all([waiting(), waiting(), waiting()]);
    await decided(closed, 'leaving');
    await handleOf(cancelled).cancel();
    await world.untilPhase(cancelled, 'cancelled');
    const asked = await read(cancelled);
    await handleOf(open).signal('decisionFinalised', { outcome: 'promoted' });
    await world.until(open, 'refusal', ({ rejectedDecisions }) => rejectedDecisions.length === 1);
    await world.stopWorkers();

    const [whole, calledOff, partly] = await Promise.all([read(closed), read(cancelled), read(open)]);
    await world.startWorkers();
    assert.deepEqual([whole.missing, whole.outcome], [[], 'leaving']);
    assert.deepEqual([asked.missing, calledOff.outcome], [[], 'cancelled']);
    assert.match(calledOff.missing[0]!, /Is a worker running\?/);
    assert.deepEqual(
      { ...calledOff, missing: [], source: undefined },
      { ...asked, source: undefined },
      'of this one the history tells all',
    );
    assert.equal(partly.phase, 'awaiting-decision');
    assert.equal(typeof partly.times.resignationToBlock.allMs, 'number');
    assert.equal(partly.decisions[0]!.result, 'unknown');
    assert.equal(partly.missing.length, 3);
  });
});
