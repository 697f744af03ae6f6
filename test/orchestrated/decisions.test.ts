import assert from 'node:assert/strict';
import { Refusal } from '../../src/exit/refusal.js';
import type { Decision } from '../../src/exit/decision.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { taskQueues } from '../../src/exit/queues.js';
import {
  CRITICAL_GROUPS,
  HR,
  startWorld,
  stateOf,
  stepOf,
  type Hired,
  type World,
} from '../support/world.js';

const retained: Decision = { outcome: 'retained', decidedBy: HR };
const leaving: Decision = { outcome: 'leaving', decidedBy: HR };

describe('a decision', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ config: [['requestTimeout: PT10S', 'requestTimeout: PT1S']] });
  });
  afterEach(() => Object.values(world.proxies).forEach((proxy) => proxy.fault(undefined)));
  after(() => world.stop());

  const signal = (who: Hired, ...args: unknown[]) =>
    world.client.workflow.getHandle(exitWorkflowId(who.employeeId)).signal('decisionFinalised', ...args);
  async function waiting(): Promise<Hired> {
    const nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    return nora;
  }

  it('by signal is carried out like one by update', async () => {
    const nora = await waiting();
    await signal(nora, retained);
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal(closed.decision?.outcome, 'retained');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });

  it('that comes first stands; the second is refused at once by update, and recorded by signal', async () => {
    const nora = await waiting();
    world.proxies.payroll.fault(() => ({ kind: 'unreachable' }));
    await signal(nora, leaving);
    await world.untilPhase(nora, 'revoking');
    await assert.rejects(world.exits.decide(nora.employeeId, retained), (error: Error) => {
      assert.ok(error instanceof Refusal);
      assert.match(error.message, /hr@acme.example has already decided "leaving"; the first decision stands/);
      return true;
    });
    await signal(nora, retained);
    const refused = await world.until(
      nora,
      'the refusal recorded',
      ({ rejectedDecisions }) => rejectedDecisions.length > 0,
    );
    assert.match(refused.rejectedDecisions[0]!.reason, /the first decision stands/);
    world.proxies.payroll.fault(undefined);
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, false, 'a leaver stays out');
  });

  it('for an exit that is over is refused with when it ended', async () => {
    const nora = await waiting();
    await world.exits.decide(nora.employeeId, retained);
    await world.untilPhase(nora, 'closed');
    await assert.rejects(
      world.exits.decide(nora.employeeId, leaving),
      /has no open exit: the last one ended at 20/,
    );
    await assert.rejects(world.exits.decide('T-nobody', leaving), /T-nobody has no exit/);
  });

  it('by the employee concerned is refused, by whichever of their addresses', async () => {
    const nora = await waiting();
    for (const decidedBy of [nora.email, nora.email.toUpperCase()]) {
      await assert.rejects(
        world.exits.decide(nora.employeeId, { ...retained, decidedBy }),
        /is the employee concerned/,
      );
    }
    await signal(nora, retained);
    await world.untilPhase(nora, 'closed');
  });

  const rubbish: [what: string, args: unknown[]][] = [
    ['nothing at all', []],
    ['null', [null]],
    ['a number', [42]],
    ['an outcome that is neither', [{ outcome: 'fired', decidedBy: HR }]],
    ['decided by nobody', [{ outcome: 'leaving' }]],
    ['a deep and long object', [{ outcome: { a: 'x'.repeat(5000) } }]],
  ];
  it('that is rubbish never harms the exit, and shows in the status', async () => {
    const nora = await waiting();
    for (const [, args] of rubbish) await signal(nora, ...args);
    const status = await world.until(
      nora,
      'all refused',
      ({ rejectedDecisions }) => rejectedDecisions.length === rubbish.length,
    );
    assert.ok(
      status.rejectedDecisions.every(({ reason, received }) => reason.length > 10 && received.length <= 200),
    );
    assert.equal(status.phase, 'awaiting-decision');
    await world.exits.decide(nora.employeeId, retained);
    await world.untilPhase(nora, 'closed');
  });

  it('whose payload is not even JSON, or whose signal has another name, is refused in the same way', async () => {
    const nora = await waiting();
    await world.client.workflowService.signalWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId: exitWorkflowId(nora.employeeId) },
      signalName: 'decisionFinalised',
      input: {
        payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{not json') }],
      },
    });
    await world.client.workflow
      .getHandle(exitWorkflowId(nora.employeeId))
      .signal('decisionFinalized', retained);
    const status = await world.until(
      nora,
      'both refused',
      ({ rejectedDecisions }) => rejectedDecisions.length === 2,
    );
    const reasons = status.rejectedDecisions.map(({ reason }) => reason).join('\n');
    assert.match(reasons, /unknown signal "decisionFinalized": a decision is sent as "decisionFinalised"/);
    assert.match(reasons, /outcome: must be "retained" or "leaving"/);
    await world.exits.decide(nora.employeeId, retained);
    await world.untilPhase(nora, 'closed');
  });

  it('under a name that Temporal keeps for itself is refused like every unknown signal, and stands nothing still', async () => {
    const nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    const handle = world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
    await handle.signal('__temporal_x', {});
    const status = await world.until(
      nora,
      'refused',
      ({ rejectedDecisions }) => rejectedDecisions.length === 1,
    );
    assert.match(status.rejectedDecisions[0]!.reason, /unknown signal "reserved: __temporal_x"/);
    await world.exits.decide(nora.employeeId, retained);
    await world.untilPhase(nora, 'closed');
  });

  it('by the employee concerned is refused also when it comes before anybody was asked who that is', async () => {
    const nora = await world.hire();
    await world.client.workflow.signalWithStart('exitEmployee', {
      workflowId: exitWorkflowId(nora.employeeId),
      taskQueue: taskQueues.exit,
      args: [{ employeeId: nora.employeeId }],
      signal: 'decisionFinalised',
      signalArgs: [{ outcome: 'retained', decidedBy: nora.email }],
    });
    const status = await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
    assert.equal(status.decision, undefined);
    const refused = await world.until(
      nora,
      'refused',
      ({ rejectedDecisions }) => rejectedDecisions.length === 1,
    );
    assert.match(refused.rejectedDecisions[0]!.reason, /is the employee concerned/);
    await world.exits.decide(nora.employeeId, retained);
    await world.untilPhase(nora, 'closed');
  });

  it('that comes with the resignation itself is not lost: it is taken as soon as it is known who the employee is', async () => {
    const nora = await world.hire();
    await world.client.workflow.signalWithStart('exitEmployee', {
      workflowId: exitWorkflowId(nora.employeeId),
      taskQueue: taskQueues.exit,
      args: [{ employeeId: nora.employeeId }],
      signal: 'decisionFinalised',
      signalArgs: [leaving],
    });
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal(closed.decision?.decidedBy, HR);
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('to retain that comes before the block is complete stops the block and undoes what was done', async () => {
    const nora = await world.hire();
    world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
    world.proxies.production.fault(() => ({ kind: 'unreachable' }));
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(
      nora,
      'payroll blocked',
      (status) => stateOf(status, 'block-access:payroll') === 'done',
    );
    await world.exits.decide(nora.employeeId, retained);
    const stopped = await world.until(
      nora,
      'the blocks stopped',
      (status) => stateOf(status, 'block-access:code') === 'skipped',
    );
    assert.equal(stepOf(stopped, 'block-access:code')?.note, 'the decision came first');
    world.proxies.code.fault(undefined);
    world.proxies.production.fault(undefined);
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
    assert.equal((await world.account(nora, 'code')).active, true);
    assert.deepEqual(
      (await world.account(nora, 'production')).groups,
      [...CRITICAL_GROUPS, 'readers'].toSorted(),
    );
  });

  it('that somebody leaves goes straight to revoking, also where the block never came through', async () => {
    const nora = await world.hire();
    world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(
      nora,
      'payroll blocked',
      (status) => stateOf(status, 'block-access:payroll') === 'done',
    );
    await world.exits.decide(nora.employeeId, leaving);
    world.proxies.code.fault(undefined);
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'code')).active, false);
    assert.equal(stateOf(closed, 'revoke-access:code'), 'done');
  });

  it('to retain outlasts a block whose request lands after it was given up', async () => {
    const nora = await world.hire({ on: ['payroll'] });
    let land = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      land = resolve;
    });
    world.proxies.payroll.fault(({ method, body }) =>
      method === 'PATCH' && body.includes('false') ? { kind: 'held', until } : undefined,
    );
    const sent = world.proxies.payroll.next(({ method }) => method === 'PATCH');
    await world.exits.open({ employeeId: nora.employeeId });
    await sent;
    await world.exits.decide(nora.employeeId, retained);
    await world.until(
      nora,
      'the restore begun, and nothing left of the block',
      (status) =>
        stateOf(status, 'restore-access:payroll') === 'running' &&
        stepOf(status, 'block-access:payroll')?.attempt === undefined,
    );
    land();
    await world.untilPhase(nora, 'closed');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });
});
