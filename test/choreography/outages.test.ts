import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Decision } from '../../src/exit/decision.js';
import { hasAccess } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import type { Fault } from '../support/fault-proxy.js';
import { gate } from '../support/gate.js';
import { HR, stateOf } from '../support/world.js';

const retained: Decision = { outcome: 'retained', decidedBy: HR };
const leaving: Decision = { outcome: 'leaving', decidedBy: HR };

const mailIds = ({ mail }: ChoreographedWorld, recipient: string) =>
  mail.to(recipient).map(({ messageId }) => messageId);

describe('@long an outage', function () {
  this.timeout(180_000);
  const ackWaitMs = 3_000;
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld({
      services: [],
      ackWaitMs,
      config: [['attentionAfter: PT15M', 'attentionAfter: PT1S']],
    });
  });
  afterEach(async () => {
    await world.stopServices();
    await world.mend();
  });
  after(() => world.stop());

  it('of a service beyond its ack wait delays its work, and loses nothing', async () => {
    await world.startServices('access');
    const begun = Date.now();
    const nora = await world.open();
    const nils = await world.open({ on: ['payroll'] });
    await eventually('the ack wait to pass', () => (Date.now() - begun > 2 * ackWaitMs ? true : undefined));
    const meanwhile = await world.until(
      nora,
      'blocked, since access does not wait',
      ({ blockedAt }) => !!blockedAt,
    );
    assert.equal(stateOf(meanwhile, 'notify-manager'), 'running');
    await world.startServices('notification', 'hr');
    for (const each of [nora, nils]) {
      await world.untilPhase(each, 'awaiting-decision');
      assert.equal(mailIds(world, each.manager).length, 1);
      assert.equal(mailIds(world, each.email).length, 2, 'told of the block, and invited');
    }
  });

  it('of the broker makes copies of a decision, which do not end one another’s work', async () => {
    await world.startServices('notification', 'hr', 'access');
    const nora = await world.open();
    await world.untilPhase(nora, 'awaiting-decision');
    const slow = (): Fault => ({ kind: 'held', until: pause(ackWaitMs / 2) });
    world.proxies.payroll.fault(slow);
    await world.exits.decide(nora.employeeId, retained);
    await world.proxies.payroll.next(() => true);
    await world.broker.kill();
    const begun = Date.now();
    await eventually('the ack wait to pass', () => (Date.now() - begun > ackWaitMs ? true : undefined));
    await world.broker.start();
    await world.untilPhase(nora, 'closed');
    await hasAccess(world, nora);
  });

  it('of the broker in the middle of exits loses nothing acknowledged, and each exit ends as decided', async () => {
    await world.startServices('notification', 'hr', 'access');
    const exits = await Promise.all(Array.from({ length: 8 }, () => world.open()));
    await world.broker.kill();
    // Published while the broker is down.
    const late = world.open();
    await world.broker.start();
    const all = [...exits, await late];
    for (const each of all) await world.untilPhase(each, 'awaiting-decision');
    const deciding = all.map((each, n) =>
      world.exits.decide(each.employeeId, n % 2 === 0 ? retained : leaving),
    );
    await Promise.all(deciding.slice(0, 3));
    await world.broker.kill();
    await world.broker.start();
    await Promise.all(deciding);
    for (const [n, each] of all.entries()) {
      await world.untilPhase(each, 'closed');
      if (n % 2 === 0) await hasAccess(world, each);
      else assert.deepEqual((await world.account(each, 'production')).groups, []);
      assert.equal(new Set(mailIds(world, each.manager)).size, 2);
    }
  });
});

describe('@long two living processes of each service', function () {
  this.timeout(180_000);
  const ackWaitMs = 4_000;
  let world: ChoreographedWorld;
  before(async () => {
    // A long request timeout: even on a busy machine, only a fault of ours does anything twice.
    world = await startChoreographedWorld({
      services: [],
      ackWaitMs,
      config: [['requestTimeout: PT3S', 'requestTimeout: PT10S']],
    });
  });
  afterEach(() => world.stopServices());
  after(() => world.stop());

  const start = () => world.startServices('notification', 'hr', 'access');

  it('let a decision wait for the block that another process performs', async () => {
    await Promise.all([start(), start(), start()]);
    const { passed: until, open: land } = gate();
    let held = 0;
    world.proxies.payroll.fault(({ method, body }) => {
      if (method !== 'PATCH' || !body.includes('false')) return undefined;
      held += 1;
      return { kind: 'held', until };
    });
    const exits = await Promise.all(Array.from({ length: 6 }, () => world.open({ on: ['payroll'] })));
    await eventually('all blocks to be under way', () => (held >= exits.length ? true : undefined));
    for (const { employeeId } of exits) await world.exits.decide(employeeId, retained);
    const given = await eventually('a restore', async () => {
      const [first] = exits;
      const { steps } = await world.exits.status(first!.employeeId);
      return steps.some(({ name }) => name === 'restore-access') ? true : undefined;
    });
    assert.ok(given);
    land();
    for (const each of exits) {
      await world.untilPhase(each, 'closed');
      assert.equal((await world.account(each, 'payroll')).active, true);
    }
  });

  it('share the work, and do nothing twice', async () => {
    await Promise.all([start(), start()]);
    const exits = await Promise.all(Array.from({ length: 10 }, () => world.open()));
    for (const each of exits) await world.untilPhase(each, 'awaiting-decision');
    await Promise.all(exits.map((each) => world.exits.decide(each.employeeId, retained)));
    for (const each of exits) {
      await world.untilPhase(each, 'closed');
      await hasAccess(world, each);
      assert.equal(mailIds(world, each.manager).length, 2);
    }
  });

  it('send a mail once, although the mail server is slow and the broker is away meanwhile', async () => {
    await Promise.all([start(), start()]);
    await world.takeDown('mail');
    const nora = await world.open({ on: ['payroll'] });
    const answer = world.mail.holdNextAnswer();
    await world.bringUp('mail');
    await answer.taken;
    await world.broker.kill();
    await pause(ackWaitMs);
    await world.broker.start();
    await pause(ackWaitMs / 2);
    answer.let();
    await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(mailIds(world, nora.manager).length, 1);
    assert.equal(mailIds(world, nora.email).length, 2);
  });

  it('send a mail once, although its sender is stopped meanwhile', async () => {
    const first = await world.startServices('notification');
    const answer = world.mail.holdNextAnswer();
    const nora = await world.open({ on: ['payroll'] });
    await answer.taken;
    await start();
    const stopped = first.stop();
    await pause(ackWaitMs / 4);
    answer.let();
    await stopped;
    await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(mailIds(world, nora.manager).length, 1);
  });
});
