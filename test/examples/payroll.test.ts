import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Kvm } from '@nats-io/kv';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { cloudEvent, publishRaw, stranger } from '../support/nats.js';
import { scratchFolder } from '../support/temporal.js';
import { HR, type Hired } from '../support/world.js';

const PREPARED = 'payroll.final-pay-prepared';
const DISCARDED = 'payroll.final-pay-discarded';
const CROWD = 60;

interface Said {
  type: string;
  headers: Record<string, string>;
  data: { lastWorkingDay?: string; daysUntilLastWorkingDay?: number; openItems: string[] };
}

describe('payroll, a fourth service', () => {
  let world: ChoreographedWorld;
  let folder: string;
  let asItWas: { consumers: string[]; streams: string[] };
  let retained: Hired & { exitId: string };
  let leaving: Hired & { exitId: string };
  let waiting: Hired & { exitId: string };
  const children: ChildProcess[] = [];

  before(async () => {
    world = await startChoreographedWorld();
    folder = await install();
    [retained, leaving, waiting] = await Promise.all([world.open(), world.open(), world.open()]);
    for (const nora of [retained, leaving, waiting]) await world.untilPhase(nora, 'awaiting-decision');
    await decide(retained, 'retained');
    await decide(leaving, 'leaving');
    for (const nora of [retained, leaving]) await world.untilPhase(nora, 'closed');
    asItWas = await found();
  });
  after(async () => {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
    await world.stop();
  });

  const decide = ({ employeeId }: Pick<Hired, 'employeeId'>, outcome: 'retained' | 'leaving') =>
    world.exits.decide(employeeId, { outcome, decidedBy: HR });

  /** Alone in a folder, with nothing but what its package.json names: there is no src/ to import from. */
  async function install(): Promise<string> {
    const target = path.join(await scratchFolder(), 'payroll');
    await cp('dist/examples/payroll', target, { recursive: true });
    await cp('examples/payroll/package.json', path.join(target, 'package.json'));
    const { dependencies } = JSON.parse(await readFile('examples/payroll/package.json', 'utf8')) as {
      dependencies: Record<string, string>;
    };
    for (const name of Object.keys(dependencies)) {
      const link = path.join(target, 'node_modules', name);
      await mkdir(path.dirname(link), { recursive: true });
      await symlink(path.resolve('node_modules', name), link);
    }
    return target;
  }

  function payroll(command: 'run' | 'remove'): ChildProcess & { log: string } {
    const env = { PATH: process.env['PATH'], NATS_URL: world.broker.url };
    const child = spawn(process.execPath, ['payroll.js', command], { cwd: folder, env });
    const logged = Object.assign(child, { log: '' });
    child.stderr.on('data', (text: Buffer) => (logged.log += text.toString()));
    children.push(child);
    return logged;
  }

  async function kill(child: ChildProcess): Promise<void> {
    child.kill('SIGKILL');
    await ended(child);
  }

  async function ended(child: ChildProcess): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  /** By subject: how often payroll has said something under it. */
  async function counts(filter = 'exit.*.*.payroll.>'): Promise<Record<string, number>> {
    const { state } = await world.bus.jsm.streams.info('EXITS', { subjects_filter: filter });
    return state.subjects ?? {};
  }

  async function saidOf({ exitId }: { exitId: string }): Promise<Said | undefined> {
    const [subject, ...others] = Object.entries(await counts(`exit.*.${exitId}.payroll.>`));
    assert.deepEqual(others, []);
    if (!subject) return undefined;
    assert.equal(subject[1], 1, 'said twice');
    const message = (await world.bus.jsm.streams.getMessage('EXITS', { last_by_subj: subject[0] }))!;
    const headers = Object.fromEntries([...message.header].map(([name, [value]]) => [name, value!]));
    return { type: headers['ce-type']!, headers, data: message.json() };
  }

  /** What payroll said of an exit, which it says once. */
  const word = (nora: { exitId: string }): Promise<Said> =>
    eventually(`payroll's word on ${nora.exitId}`, () => saidOf(nora));

  async function found(): Promise<typeof asItWas> {
    const { jsm } = world.bus;
    const consumers: string[] = [];
    for await (const { config } of jsm.consumers.list('EXITS'))
      if (config.durable_name) consumers.push(config.durable_name);
    const streams: string[] = [];
    for await (const { config } of jsm.streams.list()) streams.push(config.name);
    return { consumers: consumers.toSorted(), streams: streams.toSorted() };
  }

  const statusOf = ({ employeeId }: Hired) => world.exits.status(employeeId);

  it('sees the exits of the past: what was decided, it settles', async () => {
    const untouched = await Promise.all([retained, leaving, waiting].map(statusOf));
    payroll('run');
    assert.equal((await word(leaving)).type, PREPARED);
    assert.equal((await word(retained)).type, DISCARDED);
    assert.equal(await saidOf(waiting), undefined);
    assert.deepEqual(await Promise.all([retained, leaving, waiting].map(statusOf)), untouched);
  });

  it('keeps to the attributes of the contract, and names what it follows from', async () => {
    const { headers, data } = await word(leaving);
    const { events } = await world.bus.read(leaving.employeeId);
    const decision = events.find(({ type }) => type === 'exit.decision-finalised')!;
    assert.equal(headers['ce-specversion'], '1.0');
    assert.equal(headers['ce-type'], PREPARED);
    assert.equal(headers['ce-source'], '/payroll');
    assert.equal(headers['ce-subject'], leaving.exitId);
    assert.equal(headers['ce-correlationid'], leaving.exitId);
    assert.equal(headers['ce-causationid'], decision.id);
    assert.equal(headers['Nats-Msg-Id'], `${leaving.employeeId} ${leaving.exitId} ${headers['ce-id']}`);
    assert.deepEqual(data.openItems[0], 'the last working day');
  });

  it('declares its promises as the others do', async () => {
    const { config } = await world.bus.jsm.consumers.info('EXITS', 'payroll');
    const promises = JSON.parse(config.metadata!['promises']!) as {
      on: string;
      event: string;
      within: number;
    }[];
    assert.deepEqual(
      promises.map(({ on, event }) => [on, event]),
      [
        ['exit.decision-finalised', PREPARED],
        ['exit.decision-finalised', DISCARDED],
      ],
    );
    assert.ok(promises.every(({ within }) => within > 0));
  });

  it('works beside the others in a new exit; nobody but payroll minds its events', async () => {
    const nora = await world.hire();
    const lastWorkingDay = new Date(Date.now() + 30 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
    const { exitId } = await world.exits.open({ employeeId: nora.employeeId, lastWorkingDay });
    await world.untilPhase(nora, 'awaiting-decision');
    await decide(nora, 'leaving');
    const closed = await world.untilPhase(nora, 'closed');
    const { data } = await word({ exitId });
    assert.deepEqual([data.lastWorkingDay, data.daysUntilLastWorkingDay], [lastWorkingDay, 30]);
    assert.ok(closed.steps.every(({ state }) => state === 'done' || state === 'skipped'));
    assert.deepEqual(await world.deadLetters(), []);
  });

  it('takes back what it prepared, where leaving becomes retained before its day', async () => {
    const nora = await world.open();
    await world.untilPhase(nora, 'awaiting-decision');
    const effectiveOn = new Date(Date.now() + 9 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR, effectiveOn });
    assert.equal((await word(nora)).type, PREPARED);
    await decide(nora, 'retained');
    await eventually(
      'the other word',
      async () =>
        (await counts(`exit.*.${nora.exitId}.${DISCARDED}`))[
          `exit.${nora.employeeId}.${nora.exitId}.${DISCARDED}`
        ],
    );
  });

  it('is not stopped by rubbish, nor by a second decision', async () => {
    const other = await stranger(world.broker);
    const { employeeId, exitId } = leaving;
    const decided = `exit.${employeeId}.${exitId}.exit.decision-finalised`;
    await other.publish('exit.R-1.x.employee.resigned', '{not json', cloudEvent('employee.resigned', 'r1'));
    await other.publish('exit.R-1.x.employee.resigned', '{}', {});
    const unreadable = 'NATS/1.0\r\nfoo bar: x\r\n\r\n';
    await publishRaw(world.broker, 'exit.R-1.x.employee.resigned', unreadable, '{}');
    await other.publish(
      decided,
      `{"outcome":"retained","decidedBy":"${HR}"}`,
      cloudEvent('exit.decision-finalised', 'second'),
    );
    await other.close();
    await decide(waiting, 'leaving');
    assert.equal((await word(waiting)).type, PREPARED);
    assert.equal((await word(leaving)).type, PREPARED);
  });

  it('killed in the middle of many exits: it says of each what it has to say, once', async () => {
    await kill(children.at(-1)!);
    const other = await stranger(world.broker);
    // The exits of people whom no system knows: for payroll that makes no difference.
    for (let n = 0; n < CROWD; n++) {
      const say = (type: string, data: object): Promise<number> =>
        other.publish(
          `exit.C-${n}.crowd-${n}.${type}`,
          JSON.stringify(data),
          cloudEvent(type, `${n}/${type}`),
        );
      await say('employee.resigned', { employeeId: `C-${n}` });
      await say('exit.decision-finalised', { outcome: 'leaving', decidedBy: HR });
    }
    await other.close();
    for (let kills = 0; kills < 2; kills++) {
      // Some more are said before it is dead: not all of them may be waited for.
      const words = world.bus.connection.subscribe('exit.*.*.payroll.>', { max: CROWD / 3 });
      const running = payroll('run');
      for await (const _ of words);
      await kill(running);
    }
    payroll('run');
    const spoken = await eventually('all said', async () => {
      const { num_pending, num_ack_pending } = await world.bus.jsm.consumers.info('EXITS', 'payroll');
      return num_pending + num_ack_pending === 0 ? counts('exit.*.*.payroll.>') : undefined;
    });
    const crowd = Object.entries(spoken).filter(([subject]) => subject.includes('.crowd-'));
    assert.equal(crowd.length, CROWD);
    assert.deepEqual(
      crowd.filter(([, count]) => count !== 1),
      [],
      'said twice',
    );
  });

  it('is taken out again: nothing dangles, and everybody else goes on', async () => {
    const running = children.at(-1) as ReturnType<typeof payroll>;
    const kept = await new Kvm(world.bus.js).open('payroll-final-pay');
    assert.equal(
      (await kept.get(`${leaving.employeeId}.${leaving.exitId}`))!.json<{ state: string }>().state,
      'prepared',
    );
    const removal = payroll('remove');
    await ended(removal);
    assert.equal(removal.exitCode, 0, removal.log);
    await ended(running);
    assert.match(running.log, /payroll ends: consumer deleted/);
    assert.deepEqual(await found(), asItWas);

    const nora = await world.open();
    await world.untilPhase(nora, 'awaiting-decision');
    await decide(nora, 'retained');
    await world.untilPhase(nora, 'closed');
    assert.equal(await saidOf(nora), undefined);
    assert.equal((await statusOf(leaving)).phase, 'closed');
  });

  it('comes back, and repeats nothing', async () => {
    const before = Object.keys(await counts()).length;
    const again = payroll('run');
    await eventually('payroll to have read everything', async () => {
      const { consumers } = await found();
      if (!consumers.includes('payroll')) return undefined;
      const { num_pending, num_ack_pending } = await world.bus.jsm.consumers.info('EXITS', 'payroll');
      return num_pending + num_ack_pending === 0 ? true : undefined;
    });
    // The one exit that was decided while it was away.
    const now = Object.values(await counts());
    assert.equal(now.length, before + 1);
    assert.ok(now.every((count) => count === 1));
    again.kill('SIGTERM');
    await ended(again);
    assert.equal(again.exitCode, 0, again.log);
  });
});
