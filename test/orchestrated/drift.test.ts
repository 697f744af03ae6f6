import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstMessage, startChild } from '../../src/local/child.js';
import { DRIFT_CHECK } from '../../src/temporal/namespace.js';
import { ended, untilRefused, waiting } from '../promises/on-the-way.js';
import { eventually, PATIENCE_MS } from '../support/eventually.js';
import { gate } from '../support/gate.js';
import { scratchFolder } from '../support/temporal.js';
import { startWorld, type Hired, type World } from '../support/world.js';

const startSweep = (world: World, giveUpAfterMs = PATIENCE_MS) =>
  world.client.workflow.start<() => Promise<{ checked: number; drifted: number }>>('sweepHolds', {
    workflowId: `sweep-${randomUUID()}`,
    taskQueue: 'ems',
    args: [{ giveUpAfterMs }] as never,
  });

const sweep = async (world: World, giveUpAfterMs?: number) =>
  (await startSweep(world, giveUpAfterMs)).result();

async function blocked(world: World): Promise<Hired> {
  const nora = await waiting(world);
  // Temporal's list of exits with their memos, which a sweep starts from, is a moment behind.
  await eventually('the holds in the list', async () => {
    const query = `WorkflowId = 'exit-${nora.employeeId}' AND ExitPhase = 'awaiting-decision'`;
    for await (const { memo } of world.client.workflow.list({ query })) {
      if ((memo?.['holds'] as unknown[] | undefined)?.length === 3) return true;
    }
    return undefined;
  });
  return nora;
}

describe('a hold that is undone while the decision is open', () => {
  let world: World;
  before(async () => {
    // A sweep reads the holds of every open exit, also those that other tests have left.
    world = await startWorld({ alone: true });
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  it('is counted by the sweep, whichever system answers last', async () => {
    const nora = await blocked(world);
    await world.admin.payroll.setActive(nora.accounts.payroll!, true);
    const { passed: until, open: answer } = gate();
    const isOurs = ({ path: each }: { path: string }) => each.includes(nora.accounts.code!);
    world.proxies.code.fault((request) => (isOurs(request) ? { kind: 'held', until } : undefined));
    const asked = world.proxies.code.next(isOurs);
    const running = await startSweep(world);
    await asked;
    await eventually('the answers of the others', async () => {
      const { pendingActivities } = (await running.describe()).raw;
      return pendingActivities?.length === 1 ? true : undefined;
    });
    answer();
    const { checked, drifted } = await running.result();
    // The open exits of other tests are looked at as well.
    assert.ok(checked >= 3, String(checked));
    assert.equal(drifted, 1);
    await world.until(nora, 'blocked again', ({ drifts, blockedAt }) => Boolean(drifts.length && blockedAt));
    await ended(world, nora, 'retained');
  });

  it('is looked for without an event in the history of a parked exit', async () => {
    const nora = await blocked(world);
    const handle = world.client.workflow.getHandle(`exit-${nora.employeeId}`);
    const { historyLength } = await handle.describe();
    const before = world.proxies.payroll.seen.length;
    await sweep(world);
    await sweep(world);
    const ours = world.proxies.payroll.seen
      .slice(before)
      .filter(({ path: each }) => each.includes(nora.accounts.payroll!));
    assert.equal(ours.length, 2, 'one read per hold and sweep');
    assert.equal((await handle.describe()).historyLength, historyLength);
    await ended(world, nora, 'retained');
  });

  it('on a system that is down fails the sweep, which still looks at the other systems', async () => {
    const nora = await blocked(world);
    await world.takeDown('code');
    await world.admin.payroll.setActive(nora.accounts.payroll!, true);
    const failure = await sweep(world, 3_000).then(
      () => assert.fail('the sweep did not fail'),
      (error: Error) => error.cause as Error,
    );
    assert.match(failure.message, /Holds were not checked on code \(code cannot be reached/);
    await world.until(nora, 'blocked again', ({ drifts, blockedAt }) => Boolean(drifts.length && blockedAt));
    await world.mend();
    await ended(world, nora, 'retained');
  });

  it('is none where a sweep looked before the block was over, and told it after', async () => {
    const nora = await blocked(world);
    const handle = world.client.workflow.getHandle(`exit-${nora.employeeId}`);
    const { finishedAt } = (await world.exits.status(nora.employeeId)).steps.find(
      ({ name, system }) => name === 'block-access' && system === 'payroll',
    )!;
    const seen = (atMs: number) =>
      handle.signal('holdDrifted', {
        ...{ system: 'payroll', what: 'the account is active again', seenAt: new Date(atMs).toISOString() },
      });
    await seen(Date.parse(finishedAt!) - 1);
    await seen(Date.parse(finishedAt!) + 1);
    const { drifts } = await world.until(nora, 'the drift', (status) => status.drifts.length > 0);
    assert.equal(drifts.length, 1);
    await world.until(nora, 'blocked again', ({ blockedAt }) => blockedAt !== undefined);
    await ended(world, nora, 'retained');
  });

  it('is refused and recorded where the signal is invalid', async () => {
    const nora = await blocked(world);
    const handle = world.client.workflow.getHandle(`exit-${nora.employeeId}`);
    await handle.signal('holdDrifted', { system: 7 });
    await handle.signal('holdDrifted', { system: 'hr', what: 'x', seenAt: new Date().toISOString() });
    const status = await untilRefused(world, nora);
    assert.match(status.rejectedDecisions[0]!.reason, /^holdDrifted: system: /);
    assert.deepEqual(status.drifts, []);
    await ended(world, nora, 'retained');
  });
});

describe('the drift check', () => {
  it('is a Temporal Schedule that the worker keeps, and runs by itself', async () => {
    const world = await startWorld({
      services: [],
      config: [['recheckEvery: PT15M', 'recheckEvery: PT1S']],
    });
    const worker = await startChild(
      {
        name: 'the worker',
        module: fileURLToPath(new URL('../../src/worker.js', import.meta.url)),
        env: world.env,
        logFile: path.join(await scratchFolder(), 'worker.log'),
      },
      (child) => firstMessage(child),
    );
    try {
      const nora = await blocked(world);
      await world.admin.payroll.setActive(nora.accounts.payroll!, true);
      await world.until(nora, 'found and blocked again', ({ drifts, blockedAt }) =>
        Boolean(drifts.length && blockedAt),
      );
      assert.equal((await world.account(nora, 'payroll')).active, false);
      const { spec } = await world.client.schedule.getHandle(DRIFT_CHECK).describe();
      assert.equal(spec.intervals?.[0]?.every, 1000);
    } finally {
      await world.client.schedule.getHandle(DRIFT_CHECK).delete();
      await worker.stop();
      await world.stop();
    }
  });
});
