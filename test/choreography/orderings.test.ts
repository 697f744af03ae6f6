import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { subscriberNames } from '../../src/choreography/subscribers/start.js';
import type { Decision } from '../../src/exit/decision.js';
import { ended, hasAccess, waiting } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { cloudEvent, stranger } from '../support/nats.js';
import { HR } from '../support/world.js';

const retained: Decision = { outcome: 'retained', decidedBy: HR };
const leaving: Decision = { outcome: 'leaving', decidedBy: HR };
/** Those that do something once, and are then done with a message. */
const CONSUMERS = [
  'access-code',
  'access-payroll',
  'access-production',
  'hr',
  'notification',
  'notification-employee',
];
/** Those that get a message again as long as an exit waits. */
const WAITING = [
  'drift-code',
  'drift-payroll',
  'drift-production',
  'leftovers-access',
  'leftovers-steps',
  'notification-review',
];

describe('in any order of messages,', () => {
  let world: ChoreographedWorld;
  let other: Awaited<ReturnType<typeof stranger>>;
  before(async () => {
    world = await startChoreographedWorld();
    other = await stranger(world.broker);
  });
  afterEach(() => world.mend());
  after(async () => {
    await other.close();
    await world.stop();
  });

  /** Every message has been acknowledged by each of them. */
  const quiet = (): Promise<true> =>
    eventually('all consumers to have nothing left', async () => {
      for (const name of CONSUMERS) {
        const { num_pending, num_ack_pending } = await world.bus.jsm.consumers.info('EXITS', name);
        if (num_pending + num_ack_pending > 0) return undefined;
      }
      return true;
    });
  const writes = (): number =>
    Object.values(world.proxies).flatMap(({ seen }) => seen.filter(({ method }) => method !== 'GET')).length;
  const buriedFrom = async (subject: string) =>
    (await world.deadLetters()).filter((letter) => letter.subject.endsWith(subject));

  it('a copy of every event after the close causes no write and no mail', async () => {
    const nora = await waiting(world);
    await ended(world, nora, 'retained');
    await quiet();
    const before = { writes: writes(), mails: world.mail.mails.length };
    const { events } = await world.bus.read(nora.employeeId);
    for (const { type, id, exitId, employeeId, data } of events)
      await other.publish(`exit.${employeeId}.${exitId}.${type}`, JSON.stringify(data), cloudEvent(type, id));
    await quiet();
    assert.deepEqual({ writes: writes(), mails: world.mail.mails.length }, before);
    assert.equal((await world.exits.status(nora.employeeId)).phase, 'closed');
    assert.deepEqual(await buriedFrom(`${nora.exitId}.employee.resigned`), []);
  });

  it('consumers that are created again see all past exits, and change nothing', async () => {
    const nora = await waiting(world);
    const gone = await waiting(world);
    await ended(world, gone, 'leaving');
    await quiet();
    const before = { writes: writes(), mails: world.mail.mails.length };
    const again = await startAgain();
    await quiet();
    assert.deepEqual({ writes: writes(), mails: world.mail.mails.length }, before);
    await ended(world, nora, 'retained');
    await hasAccess(world, nora);
    await again.stop();
  });

  async function startAgain() {
    for (const name of [...CONSUMERS, ...WAITING, 'notification-operator'])
      await world.bus.jsm.consumers.delete('EXITS', name);
    return world.startServices(...subscriberNames);
  }

  it('a second resignation around the append condition is dead-lettered by every consumer, and takes nothing', async () => {
    const nora = await waiting(world);
    const subject = `exit.${nora.employeeId}.second.employee.resigned`;
    const data = JSON.stringify({ employeeId: nora.employeeId });
    await other.publish(subject, data, cloudEvent('employee.resigned', 'second'));
    const listening = [...CONSUMERS, ...WAITING.filter((name) => !name.startsWith('drift'))].toSorted();
    const letters = await eventually('a dead letter of each consumer', async () => {
      const found = await buriedFrom(subject);
      return found.length === listening.length ? found : undefined;
    });
    assert.deepEqual(letters.map(({ consumer }) => consumer).toSorted(), listening);
    for (const letter of letters) {
      assert.match(letter.reason, /already has an open exit/);
      assert.equal(letter.data, data);
    }
    const decision = { ...retained, decidedBy: HR };
    await other.publish(
      `exit.${nora.employeeId}.second.exit.decision-finalised`,
      JSON.stringify(decision),
      cloudEvent('exit.decision-finalised', 'of-the-second'),
    );
    assert.equal((await world.exits.status(nora.employeeId)).exitId, nora.exitId);
    await ended(world, nora, 'retained');
    await hasAccess(world, nora);
  });

  it('a second decision around the append condition is refused in stream order, and shows', async () => {
    const nora = await waiting(world);
    await world.exits.decide(nora.employeeId, leaving);
    const subject = `exit.${nora.employeeId}.${nora.exitId}.exit.decision-finalised`;
    await other.publish(subject, JSON.stringify(retained), cloudEvent('exit.decision-finalised', 'later'));
    const closed = await world.untilPhase(nora, 'closed');
    assert.equal(closed.decision!.outcome, 'leaving');
    await eventually('the refusal', async () =>
      (await world.exits.status(nora.employeeId)).rejectedDecisions.length === 1 ? true : undefined,
    );
    await eventually('the dead letters', async () =>
      (await buriedFrom(subject)).length >= 6 ? true : undefined,
    );
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('a "leaving" with a date keeps the block until then, and revokes after it', async () => {
    const nora = await waiting(world);
    const effectiveAt = new Date(Date.now() + 1_500).toISOString();
    const decision = { ...leaving, effectiveOn: effectiveAt.slice(0, 10), effectiveAt };
    await other.publish(
      `exit.${nora.employeeId}.${nora.exitId}.exit.decision-finalised`,
      JSON.stringify(decision),
      cloudEvent('exit.decision-finalised', 'dated'),
    );
    await world.untilPhase(nora, 'awaiting-effective-date');
    assert.deepEqual((await world.account(nora, 'production')).groups, ['readers']);
    const closed = await world.untilPhase(nora, 'closed');
    assert.ok(closed.closedAt! > effectiveAt);
    assert.deepEqual((await world.account(nora, 'production')).groups, []);
  });

  it('an effective date centuries ahead causes no redelivery meanwhile', async () => {
    const nora = await waiting(world);
    const effectiveOn = new Date(Date.now() + 36 * 60 * 60 * 1000).toISOString().slice(0, 10);
    await other.publish(
      `exit.${nora.employeeId}.${nora.exitId}.exit.decision-finalised`,
      JSON.stringify({ ...leaving, effectiveOn, effectiveAt: '3026-12-01T00:00:00.000Z' }),
      cloudEvent('exit.decision-finalised', 'far ahead'),
    );
    await world.untilPhase(nora, 'awaiting-effective-date');
    const delivered = async () =>
      (await world.bus.jsm.consumers.info('EXITS', 'access-payroll')).delivered.consumer_seq;
    await pause(500);
    const before = await delivered();
    await pause(1000);
    assert.equal(await delivered(), before);
    await ended(world, nora, 'retained');
  });
});
