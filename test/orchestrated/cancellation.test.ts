import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { ended, hasAccess, opened, settle, untilStep, waiting } from '../promises/on-the-way.js';
import { eventually } from '../support/eventually.js';
import { gate } from '../support/gate.js';
import { calendarOf } from '../support/smtp.js';
import { HR, startWorld, type Hired, type World } from '../support/world.js';

describe('an exit that is cancelled in the Web UI', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ config: [['requestTimeout: PT10S', 'requestTimeout: PT3S']] });
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const handleOf = ({ employeeId }: Hired) => world.client.workflow.getHandle(exitWorkflowId(employeeId));
  const isCancelled = async (nora: Hired): Promise<void> => {
    const status = await world.untilPhase(nora, 'cancelled');
    assert.ok(status.cancelRequestedAt && status.closedAt);
    await assert.rejects(handleOf(nora).result(), /Workflow execution cancelled/);
    await hasAccess(world, nora);
    // Temporal's list may be a moment behind its histories.
    await eventually('the outcome in the list', async () =>
      (await world.exits.list({})).find(
        ({ employeeId, outcome }) => employeeId === nora.employeeId && outcome === 'cancelled',
      ),
    );
  };

  it('during the block gives back what was blocked', async () => {
    world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
    const nora = await opened(world);
    await untilStep(world, nora, 'block-access:payroll', 'done');
    await handleOf(nora).cancel();
    await untilStep(world, nora, 'block-access:code', 'skipped');
    await world.mend();
    await isCancelled(nora);
  });

  it('during the block and constant queries has a history that can be replayed', async () => {
    const { passed: until, open: answer } = gate();
    world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'held', until } : undefined));
    const blocking = world.proxies.code.next(({ method }) => method === 'PATCH');
    const nora = await opened(world);
    await blocking;
    const handle = handleOf(nora);
    // Large, so that it takes its time and other things happen meanwhile (docs/decisions/0008).
    const question = { padding: Array.from({ length: 60_000 }, () => []) };
    const over = new AbortController();
    const look = async (): Promise<void> => {
      while (!over.signal.aborted) await handle.query('weighDecision', question);
    };
    const looking = Promise.all([look(), look()]);
    try {
      await handle.cancel();
      answer();
      await assert.rejects(handle.result(), /Workflow execution cancelled/);
    } finally {
      over.abort();
      await looking;
    }
    // Of an exit that is over, the status comes from a replay.
    await isCancelled(nora);
    const { events } = await handle.fetchHistory();
    const local = events!.filter((event) => event.markerRecordedEventAttributes);
    assert.equal(local.length, 0, 'no local activity');
  });

  it('while the decision is awaited gives access back, withdraws the interview, and tells the manager', async () => {
    const nora = await waiting(world);
    await handleOf(nora).cancel();
    await isCancelled(nora);
    assert.deepEqual(
      world.mail.invitationsTo(nora.email).map((mail) => calendarOf(mail).method),
      ['REQUEST', 'CANCEL'],
    );
    assert.match(world.mail.to(nora.manager).at(-1)!.subject!, /The exit of .* was cancelled/);
  });

  it('after the decision records the request, and carries out the decision all the same', async () => {
    const nora = await waiting(world);
    world.proxies.code.fault(() => ({ kind: 'unreachable' }));
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    await world.untilPhase(nora, 'revoking');
    await handleOf(nora).cancel();
    await world.until(nora, 'recorded', ({ cancelRequestedAt }) => cancelRequestedAt !== undefined);
    await world.mend();
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal(closed.decision?.outcome, 'leaving');
    for (const system of ['payroll', 'code', 'production'] as const)
      assert.equal((await world.account(nora, system)).active, false, system);
    assert.equal((await handleOf(nora).describe()).status.name, 'COMPLETED');
  });

  it('before the effective date of "leaving" keeps the block until "retained" is decided', async () => {
    const nora = await waiting(world);
    const effectiveOn = new Date(Date.now() + 9 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR, effectiveOn });
    await world.untilPhase(nora, 'awaiting-effective-date');
    await handleOf(nora).cancel();
    const status = await world.until(
      nora,
      'recorded',
      ({ cancelRequestedAt }) => cancelRequestedAt !== undefined,
    );
    assert.equal(status.phase, 'awaiting-effective-date');
    assert.equal((await world.account(nora, 'payroll')).active, false);
    await ended(world, nora, 'retained');
    assert.equal((await world.account(nora, 'payroll')).active, true);
  });

  it('gives back what it can, and needs attention for the rest', async () => {
    const nora = await waiting(world);
    world.proxies.code.fault(({ method }) =>
      method === 'PATCH' ? { kind: 'answer', status: 403 } : undefined,
    );
    await handleOf(nora).cancel();
    await untilStep(world, nora, 'restore-access:code');
    assert.equal((await world.account(nora, 'payroll')).active, true);
    await world.mend();
    await settle(world, nora, 'restore-access:code', 'retry');
    await isCancelled(nora);
  });
});
