import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { ended, settle, untilRefused, opened, untilStep, waiting } from '../promises/on-the-way.js';
import { readInvitation } from '../support/interview.js';
import { CRITICAL_GROUPS, HR, startWorld, type Hired, type World } from '../support/world.js';

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

  async function decided(nora: Hired, outcome: 'retained' | 'leaving'): Promise<void> {
    await ended(world, nora, { outcome, decidedBy: HR, note: 'as talked about' });
    await handleOf(nora).result();
  }

  it('names the memberships that an unfinished attempt removed', async () => {
    const nora = await waiting(world, { on: ['production'] });
    // The membership goes, and every read after it fails: the next attempt finds nothing to remove.
    let isGone = false;
    world.proxies.production.fault(({ method, path }) => {
      if (method === 'PATCH' && path.includes('Groups')) isGone = true;
      return isGone && method === 'GET' ? { kind: 'answer', status: 503 } : undefined;
    });
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await untilStep(world, nora, 'revoke-access:production');
    await world.mend();
    await world.untilPhase(nora, 'closed');
    const evidence = await read(nora);
    assert.deepEqual(names(system(evidence, 'production').end?.removedGroups), ['readers']);
    assert.ok(evidence.attention.some(({ step, until }) => step === 'revoke-access:production' && until));
  });

  it('tells which of several signalled decisions stood, and why the others were refused', async () => {
    const nora = await waiting(world);
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

  it('names an invitation once, before and after its step is done', async () => {
    world.mail.refuse((to) => (to === HR ? { code: 550, message: 'no such mailbox' } : undefined));
    const nora = await opened(world);
    await untilStep(world, nora, 'schedule-hr-interview');
    const invited = ({ mails, interview }: Evidence) => [
      mails.filter(({ mail }) => mail === 'scheduleHrInterview').map(({ to }) => to),
      interview.map(({ what, sequence }) => [what, sequence]),
    ];
    const { sequence } = readInvitation(world.mail.invitationsTo(nora.email)[0]!).event;
    assert.deepEqual(invited(await read(nora)), [[nora.email], [['invited', sequence]]]);
    await world.mend();
    await settle(world, nora, 'schedule-hr-interview', 'retry');
    await untilStep(world, nora, 'schedule-hr-interview', 'done');
    assert.deepEqual(invited(await read(nora)), [[nora.email, HR], [['invited', sequence]]]);
  });

  it('tells after a reset what happened before and after it, once each, and in which run', async () => {
    const nora = await waiting(world);
    const handle = handleOf(nora);
    await handle.signal('decisionFinalised', { outcome: 'promoted' });
    await untilRefused(world, nora);
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

  it('is complete for a closed exit while no worker runs; of others it says what is missing', async () => {
    const [closed, cancelled, open] = await Promise.all([waiting(world), waiting(world), waiting(world)]);
    await decided(closed, 'leaving');
    await handleOf(cancelled).cancel();
    await world.untilPhase(cancelled, 'cancelled');
    const asked = await read(cancelled);
    await handleOf(open).signal('decisionFinalised', { outcome: 'promoted' });
    await untilRefused(world, open);
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
