import assert from 'node:assert/strict';
import { traceOf } from '../../src/choreography/observing/trace.js';
import { deadLettersOf } from '../../src/choreography/dead-letters/replay.js';
import { untilStep, waiting } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { cloudEvent, stranger } from '../support/nats.js';
import { observedOf, statesOf as states } from '../support/tracked.js';
import { HR, systems } from '../support/world.js';

describe('a dead letter', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  const letters = () => deadLettersOf(world.bus);
  const observed = (of: { exitId: string }) => observedOf(world, of);

  it('shows in its place in the trace until it is replayed', async () => {
    world.mail.refuse((recipient) =>
      recipient.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined,
    );
    const nora = await world.open({ on: [] });
    const stuck = await eventually('a dead letter', async () => {
      const exit = await observed(nora);
      return states(exit)['notification notify-manager'] === 'dead-lettered' ? exit : undefined;
    });
    const { deadLetter, remark } = stuck.promises.find(({ step }) => step === 'notify-manager')!;
    assert.match(remark!, /no such user/);
    const missing = traceOf(stuck)[0]!.children.find(
      (node) => node.kind === 'missing' && node.event === 'manager.notified',
    );
    assert.ok(missing?.kind === 'missing');
    assert.deepEqual([missing.state, missing.deadLetter], ['dead-lettered', deadLetter]);

    world.mail.refuse(undefined);
    assert.ok((await letters().replay(deadLetter!)).replayed);
    const again = await letters().replay(deadLetter!);
    assert.match(again.replayed ? '' : again.why, /it was replayed to/);
    await untilStep(world, nora, 'notify-manager', 'done');
    await world.mail.waitFor(nora.manager, 1);
    await world.mail.waitFor(nora.email, 2);
    assert.equal(states(await observed(nora))['notification notify-manager'], 'done');
    assert.equal(world.mail.to(nora.email).length, 2, 'the other services leave the copy alone');
  });

  it('sends the outcome on a replay, long after access is as decided', async () => {
    const nora = await waiting(world, { on: [] });
    world.mail.refuse(() => ({ code: 550, message: 'no such user' }));
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    const { id } = await eventually('a dead letter', async () => {
      const found = await letters().list();
      return found.find(({ exitId }) => exitId === nora.exitId);
    });
    world.mail.refuse(undefined);
    await letters().replay(id);
    await world.untilPhase(nora, 'closed');
    const done = await letters().replay(id);
    assert.equal(done.replayed, false);
  });

  it('that is replayed too soon is dead-lettered again, and can be replayed again', async () => {
    world.mail.refuse((recipient) =>
      recipient.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined,
    );
    const nora = await world.open({ on: [] });
    const nth = (n: number) =>
      eventually(`dead letter ${n}`, async () => {
        const found = (await letters().list()).filter(({ exitId }) => exitId === nora.exitId);
        return found[n - 1];
      });
    await letters().replay((await nth(1)).id);
    const second = await nth(2);
    assert.equal(second.original, (await nth(1)).sequence);
    const { promises } = await observed(nora);
    const { state, deadLetter } = promises.find(({ step }) => step === 'notify-manager')!;
    assert.deepEqual([state, deadLetter], ['dead-lettered', second.id]);
    world.mail.refuse(undefined);
    await letters().replay(second.id);
    await untilStep(world, nora, 'notify-manager', 'done');
  });

  it('is no way round the log: a replay must be a copy of its event', async () => {
    const nora = await waiting(world, { on: [] });
    const [resigned] = (await world.bus.read(nora.employeeId)).events;
    const other = await stranger(world.broker);
    const subject = `exit.${nora.employeeId}.another.employee.resigned`;
    await other.publish(subject, JSON.stringify({ employeeId: nora.employeeId }), {
      ...cloudEvent('employee.resigned', resigned!.id),
      'dead-letter-replay-of': `hr.${resigned!.seq}`,
    });
    const given = await eventually('it to be given up by all', async () => {
      const found = (await letters().list()).filter(({ exitId }) => exitId === 'another');
      return found.length === systems.length + 6 ? found : undefined;
    });
    for (const { reason } of given) assert.match(reason, /already has an open exit/);
    await other.close();
  });
});
