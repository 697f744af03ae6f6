import assert from 'node:assert/strict';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import { readLogs } from '../../src/choreography/jetstream/log.js';
import { planFrom } from '../../src/config/planning.js';
import { createTracker } from '../../src/choreography/observing/tracker.js';
import { deadLettersOf } from '../../src/choreography/dead-letters/replay.js';
import { ended } from '../promises/on-the-way.js';
import {
  startChoreographedWorld,
  type ChoreographedWorld,
  type DeadLetter,
} from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { cloudEvent, publishRaw, startBroker, stranger } from '../support/nats.js';
import { HR } from '../support/world.js';

const resigned = 'employee.resigned';
/** How many consumers a resignation comes to, and how many a decision. */
const LISTENERS = { resigned: 9, decided: 6 };

type Rubbish = [
  what: string,
  subject: string,
  data: string,
  attributes: Record<string, string>,
  reason: RegExp,
];
const rubbish: Rubbish[] = [
  ['no attributes', `exit.R-1.x.${resigned}`, '{"employeeId":"R-1"}', {}, /ce-specversion must be 1.0/],
  ['no data', `exit.R-2.x.${resigned}`, '', cloudEvent(resigned, 'r2'), /the data is not JSON/],
  [
    'data that is not JSON',
    `exit.R-3.x.${resigned}`,
    '{not json',
    cloudEvent(resigned, 'r3'),
    /the data is not JSON/,
  ],
  ['another type', `exit.R-4.x.${resigned}`, '{}', cloudEvent('access.blocked', 'r4'), /ce-type must be/],
  [
    'another employee',
    `exit.R-5.x.${resigned}`,
    '{"employeeId":"R-6"}',
    cloudEvent(resigned, 'r5'),
    /has the subject of R-5/,
  ],
  ['no employee', `exit.R-7.x.${resigned}`, '{}', cloudEvent(resigned, 'r7'), /must be the employee id/],
  [
    'an unknown exit',
    'exit.R-8.x.exit.decision-finalised',
    `{"outcome":"retained","decidedBy":"${HR}"}`,
    cloudEvent('exit.decision-finalised', 'r8'),
    /has no exit x/,
  ],
  [
    'an id that is too long',
    `exit.R-13.x.${resigned}`,
    '{"employeeId":"R-13"}',
    cloudEvent(resigned, 'i'.repeat(257)),
    /ce-id must be at most 256/,
  ],
  [
    'data that is null, and another exit id',
    `exit.R-9.x.${resigned}`,
    'null',
    { ...cloudEvent(resigned, 'r9'), 'ce-subject': 'y' },
    /ce-subject must be x/,
  ],
];

describe('a message of any program', () => {
  let world: ChoreographedWorld;
  let other: Awaited<ReturnType<typeof stranger>>;
  before(async () => {
    world = await startChoreographedWorld();
    other = await stranger(world.broker);
  });
  after(async () => {
    await other.close();
    await world.stop();
  });

  const deadLettered = (subject: string): Promise<DeadLetter[]> =>
    eventually(`dead letters of ${subject}`, async () => {
      const found = (await world.deadLetters()).filter((letter) => letter.subject.endsWith(subject));
      const wanted = subject.endsWith(resigned) ? LISTENERS.resigned : LISTENERS.decided;
      return found.length >= wanted ? found : undefined;
    });

  for (const [what, subject, data, attributes, reason] of rubbish) {
    it(`with ${what} is dead-lettered with the reason`, async () => {
      await other.publish(subject, data, attributes);
      for (const letter of await deadLettered(subject)) {
        assert.match(letter.reason, reason);
        assert.equal(letter.data, data);
      }
    });
  }

  it('as large as a message can be is dead-lettered as far as it fits', async () => {
    const subject = `exit.R-10.x.${resigned}`;
    const large = 'x'.repeat(900_000);
    await other.publish(subject, large, { 'ce-id': 'i'.repeat(60_000) });
    for (const letter of await deadLettered(subject)) {
      assert.match(letter.reason, /ce-specversion/);
      assert.equal(letter.data, large);
    }
    const largest = 'y'.repeat(1_048_000);
    await other.publish(`exit.R-11.x.${resigned}`, largest);
    for (const letter of await deadLettered(`exit.R-11.x.${resigned}`))
      assert.ok(letter.data.length > 1_000_000 && largest.startsWith(letter.data));
  });

  it('as large as a message can be, with thousands of small headers, is dead-lettered', async () => {
    const subject = `exit.R-20.x.${resigned}`;
    const header = `NATS/1.0\r\n${'a:b\r\n'.repeat(8_000)}\r\n`;
    await publishRaw(world.broker, subject, header, 'x'.repeat(1_048_576 - header.length));
    for (const { reason } of await deadLettered(subject)) assert.match(reason, /ce-specversion/);
  });

  it('under the longest of subjects is dead-lettered', async () => {
    const subject = `exit.${'L'.repeat(4_000)}.x.${resigned}`;
    await other.publish(subject, '{}', cloudEvent(resigned, 'r21'));
    await eventually('dead letters', async () => {
      const found = await deadLettersOf(world.bus).list();
      const letters = found.filter((letter) => letter.subject === subject);
      return letters.length >= LISTENERS.resigned ? true : undefined;
    });
    const nora = await world.open();
    await world.untilPhase(nora, 'awaiting-decision');
  });

  it('in the name of the server itself hides no dead letter', async () => {
    const ids = async () => (await deadLettersOf(world.bus).list()).map(({ id }) => id);
    const before = await ids();
    for (const data of ['no JSON', 'null', '{}', '{"consumer":"hr","stream_seq":"1","type":"x"}'])
      await other.publish('$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.EXITS.hr', data);
    // Messages of earlier tests may still be dead-lettered.
    const after = new Set(await ids());
    assert.deepEqual(
      before.filter((id) => !after.has(id)),
      [],
    );
  });

  for (const [what, header] of [
    ['with a space in a name', 'NATS/1.0\r\nfoo bar: x\r\n\r\n'],
    ['with a line break in a value', 'NATS/1.0\r\nfoo: x\ny\r\n\r\n'],
    ['with the status of a consumer that is gone', 'NATS/1.0 409 Consumer Deleted\r\n\r\n'],
  ] as const)
    it(`with invalid headers, ${what}, is dead-lettered, and hides no other message`, async () => {
      const nora = await world.open();
      const subject = `exit.${nora.employeeId}.x.${resigned}`;
      await publishRaw(world.broker, subject, header, '{}');
      for (const { reason } of await deadLettered(subject)) assert.match(reason, /ce-specversion/);
      await world.untilPhase(nora, 'awaiting-decision');
      assert.ok((await world.exits.list({})).some(({ employeeId }) => employeeId === nora.employeeId));
      const { exits } = await createTracker(world.bus, nora.employeeId).look();
      assert.equal(exits.length, 1);
      const { id } = (await deadLettersOf(world.bus).list()).at(-1)!;
      await assert.rejects(deadLettersOf(world.bus).replay(id), /since the message is invalid/);
    });

  it('under a subject with a wildcard in it is dead-lettered', async () => {
    await other.publish(`exit.*.x.${resigned}`, '{}', cloudEvent(resigned, 'r12'));
    for (const { reason } of await deadLettered(`exit._.x.${resigned}`))
      assert.match(reason, /the subject exit\.\*/);
  });

  it('under an unknown subject is ignored', async () => {
    const unknown = ['exit.R-1', 'exit.R-1.x.employee.fired', 'exit.R-1.x'];
    for (const subject of unknown) await other.publish(subject, '{}', cloudEvent(resigned, 'x'));
    // The services have passed them when they serve a later exit.
    await world.untilPhase(await world.open(), 'awaiting-decision');
    const letters = (await world.deadLetters()).map(({ subject }) => subject);
    assert.deepEqual(
      letters.filter((letter) => unknown.some((subject) => letter.endsWith(`.${subject}`))),
      [],
    );
  });

  it('stops no exit', async () => {
    const nora = await world.open();
    await other.publish(`exit.${nora.employeeId}.x.${resigned}`, 'z'.repeat(1_048_000));
    await other.publish(`exit.${nora.employeeId}.nothing.of.ours`, '\u0000');
    await world.untilPhase(nora, 'awaiting-decision');
    await ended(world, nora, 'leaving');
    assert.ok((await world.exits.list({})).length > 0);
  });

  it('under the id of another event is dead-lettered', async () => {
    const { employeeId, exitId } = await world.open();
    const subject = `exit.${employeeId}.${exitId}.exit.decision-finalised`;
    const decision = JSON.stringify({ outcome: 'retained', decidedBy: HR });
    await other.publish(subject, decision, cloudEvent('exit.decision-finalised', `${exitId}/${resigned}`));
    for (const { reason } of await deadLettered(subject))
      assert.match(reason, /belongs to employee.resigned by/);
  });

  it('with a plan that names one system twice is dead-lettered, and no exit waits for it', async () => {
    const { employeeId } = await world.hire();
    const plan = planFrom(world.config, 'choreographed');
    plan.systems.push(plan.systems[0]!);
    const subject = `exit.${employeeId}.x.${resigned}`;
    await other.publish(subject, JSON.stringify({ employeeId, plan }), cloudEvent(resigned, 'twice'));
    for (const { reason } of await deadLettered(subject))
      assert.match(reason, /must name every critical system once/);
  });

  it('in the documented form begins an exit', async () => {
    const nora = await world.hire();
    const { employeeId } = nora;
    await other.publish(
      `exit.${employeeId}.from-the-payroll-system.${resigned}`,
      JSON.stringify({ employeeId }),
      cloudEvent(resigned, '8f3c'),
    );
    const waiting = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(waiting.exitId, 'from-the-payroll-system');
    assert.equal((await world.account(nora, 'payroll')).active, false);
    await assert.rejects(world.exits.open({ employeeId }), /already has an open exit/);
  });
});

describe('hundreds of messages as large as they can be', () => {
  it('keep no reader from what comes after them', async () => {
    const broker = await startBroker();
    const [other, bus] = [await stranger(broker), await connectBus({ servers: [broker.address] }, 'reader')];
    const large = 'x'.repeat(1_048_000);
    for (let n = 0; n < 200; n++) await other.publish('exit.R-1.x.nothing.of-ours', large);
    await other.publish(`exit.R-2.x.${resigned}`, '{"employeeId":"R-2"}', cloudEvent(resigned, 'r2'));
    const logs = await Promise.all([readLogs(bus), readLogs(bus)]);
    for (const log of logs) assert.deepEqual([...log.keys()], ['R-2']);
    await Promise.all([other.close(), bus.close()]);
    await broker.stop();
  });
});
