import assert from 'node:assert/strict';
import { withRetry } from '../../src/choreography/jetstream/with-retry.js';
import { traceOf, type TraceNode } from '../../src/choreography/observing/trace.js';
import { createTracker } from '../../src/choreography/observing/tracker.js';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { waiting } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { observedOf, statesOf as states } from '../support/tracked.js';
import { HR, IT, stateOf, systems, type Hired } from '../support/world.js';

describe('the tracker', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const observed = (of: { exitId: string }) => observedOf(world, of);
  const decided = async (nora: Hired, outcome: 'retained' | 'leaving'): Promise<ExitStatus> => {
    await world.untilPhase(nora, 'awaiting-decision');
    await world.exits.decide(nora.employeeId, { outcome, decidedBy: HR });
    return world.untilPhase(nora, 'closed');
  };

  it('knows from the consumers what each promises, and sees it kept', async () => {
    const nora = await world.open();
    await decided(nora, 'retained');
    const exit = await observed(nora);
    assert.equal(exit.phase, 'closed');
    assert.deepEqual(states(exit), {
      'access-payroll block-access': 'done',
      'access-payroll restore-access': 'done',
      'access-code block-access': 'done',
      'access-code restore-access': 'done',
      'access-production block-access': 'done',
      'access-production restore-access': 'done',
      'hr schedule-hr-interview': 'done',
      'hr cancel-hr-interview': 'done',
      'notification notify-manager': 'done',
      'notification notify-manager-of-outcome': 'done',
      'notification-employee notify-employee': 'done',
    });
    assert.ok(exit.promises.every(({ since, doneAt, due }) => since <= doneAt! && doneAt! < due));
  });

  it('traces each event to its cause', async () => {
    const nora = await world.open({ on: ['payroll'] });
    await decided(nora, 'leaving');
    const [root, ...others] = traceOf(await observed(nora));
    assert.deepEqual(others, []);
    const names = (node: TraceNode): unknown[] => {
      assert.ok(node.kind === 'event');
      assert.equal(node.afterMs === undefined, node === root);
      return [node.event, ...node.children.map(names)];
    };
    const [resigned, ...children] = names(root!);
    assert.equal(resigned, 'employee.resigned');
    const decision = children.find((child) => (child as string[])[0] === 'exit.decision-finalised');
    const beginnings = children
      .filter((child) => child !== decision)
      .flat()
      .map(String);
    assert.deepEqual(
      beginnings.toSorted((a, b) => a.localeCompare(b)),
      [
        ...systems.map(() => 'access.blocked'),
        'employee.notified',
        'interview.scheduled',
        'manager.notified',
      ],
    );
    const revoked = (decision as unknown[]).slice(1) as string[][];
    assert.deepEqual(
      revoked.map(([event]) => event),
      systems.map(() => 'access.revoked'),
    );
    assert.deepEqual(revoked.flatMap(([, ...after]) => after).flat(), ['manager.notified']);
  });

  it('calls what an operator settled done or waived, and says by whom', async () => {
    world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
    world.proxies.payroll.fault(() => ({ kind: 'answer', status: 403 }));
    const nora = await world.open();
    await world.until(nora, 'attention', (status) =>
      ['block-access:code', 'block-access:payroll'].every(
        (key) => stateOf(status, key) === 'needs-attention',
      ),
    );
    const resolve = (system: string, action: 'skip' | 'done-by-hand') =>
      world.exits.resolve(nora.employeeId, { step: 'block-access', system, action, by: IT });
    await resolve('code', 'skip');
    await resolve('payroll', 'done-by-hand');
    const { promises } = await observed(nora);
    const shown = Object.fromEntries(
      promises.map(({ consumer, state, remark }) => [consumer, [state, remark]]),
    );
    assert.deepEqual(shown['access-code'], ['waived', `skipped by ${IT}`]);
    assert.deepEqual(shown['access-payroll'], ['done', `by hand, by ${IT}`]);
  });

  it('goes on after the broker was killed, and a new tracker tells the same', async () => {
    const nora = await waiting(world);
    const tracker = createTracker(world.bus);
    await tracker.look();
    await world.broker.kill();
    await world.broker.start();
    await decided(nora, 'leaving');
    const { exits } = await withRetry('the streams', () => tracker.look());
    const ours = exits.find(({ exitId }) => exitId === nora.exitId)!;
    assert.equal(states(ours)['notification notify-manager-of-outcome'], 'done');
    assert.deepEqual(ours.promises, (await observed(nora)).promises);
  });

  it('leaves no consumer behind on the server', async () => {
    const nora = await waiting(world);
    const consumers = async () => (await world.bus.jsm.streams.info(EXITS)).state.consumer_count;
    const before = await consumers();
    // A new tracker reads from the start each time.
    for (let look = 0; look < 20; look += 1) await createTracker(world.bus, nora.employeeId).look();
    await eventually('the consumers of the looks to go', async () =>
      (await consumers()) <= before ? true : undefined,
    );
  });

  it('changes nothing: with it and without it exits end the same', async () => {
    const outcomeOf = ({ phase, steps, needsAttention, decision }: ExitStatus): unknown => ({
      phase,
      needsAttention,
      outcome: decision?.outcome,
      steps: steps.map(({ name, system, state }) => [name, system, state]),
    });
    const run = async (): Promise<unknown[]> => {
      const [retained, leaving] = await Promise.all([world.open(), world.open()]);
      const ended = await Promise.all([decided(retained, 'retained'), decided(leaving, 'leaving')]);
      const left = await Promise.all(
        [retained, leaving].map(async (nora) => [
          ...(await Promise.all(systems.map((system) => world.account(nora, system)))).map(
            ({ active, groups }) => [active, groups],
          ),
          world.mail.to(nora.manager).length,
        ]),
      );
      return [...ended.map(outcomeOf), left];
    };
    const streams = ['EXITS', 'EXITS_DEAD_LETTERS', 'EXITS_ADVISORIES'];
    const written = async (): Promise<number[]> =>
      Promise.all(streams.map(async (name) => (await world.bus.jsm.streams.info(name)).state.last_seq));
    const without = await run();
    const tracker = createTracker(world.bus);
    const watching = new AbortController();
    const looking = (async () => {
      while (!watching.signal.aborted) await tracker.look();
    })();
    const withIt = await run();
    watching.abort();
    await looking;
    assert.deepEqual(withIt, without);
    const before = await written();
    await tracker.look();
    assert.deepEqual(await written(), before, 'it only reads');
  });
});
