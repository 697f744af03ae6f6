import assert from 'node:assert/strict';
import type { TraceNode } from '../../src/choreography/observing/trace.js';
import type { TrackedExit } from '../../src/choreography/observing/tracker.js';
import type { Replayed } from '../../src/choreography/dead-letters/replay.js';
import type { ListedExitOfForm } from '../../src/client/application.js';
import { ended, untilStep } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { answer, page, refusal, startEms, type Env } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { cloudEvent, stranger } from '../support/nats.js';
import { HR, systems, type Hired } from '../support/world.js';

interface Letter {
  id: string;
  consumer: string;
  employeeId?: string;
  exitId?: string;
  event?: string;
  step?: string;
  reason: string;
  at: string;
  replayedAt?: string;
}

describe('ems, to observe the choreographed form:', () => {
  let world: ChoreographedWorld;
  let env: Env;
  let other: Awaited<ReturnType<typeof stranger>>;
  let retained: Hired & { exitId: string };
  let stuck: Hired & { exitId: string };
  before('one exit has ended retained, of another one the manager cannot be told', async () => {
    world = await startChoreographedWorld();
    const { TEMPORAL_ADDRESS: _, ...rest } = world.env;
    env = rest;
    other = await stranger(world.broker);
    retained = await world.open();
    await world.untilPhase(retained, 'awaiting-decision');
    await ended(world, retained, 'retained');
    world.mail.refuse((recipient) =>
      recipient.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined,
    );
    stuck = await world.open();
    await world.until(
      stuck,
      'the rest to be done',
      ({ steps }) => steps.filter(({ state }) => state === 'done').length === steps.length - 1,
    );
    await eventually('the dead letter', async () =>
      (await world.deadLetters()).length > 0 ? true : undefined,
    );
  });
  after(async () => {
    await other.close();
    await world.stop();
  });

  const list = () => answer<Letter[]>(env, 'dead-letters', 'list');
  const lettersUnder = (subject: string, wanted: number): Promise<Letter[]> =>
    eventually(`dead letters of ${subject}`, async () => {
      const found = (await world.deadLetters()).filter((letter) => letter.subject.endsWith(subject));
      return found.length === wanted
        ? (await list()).filter(({ exitId }) => subject.includes(`.${exitId}.`))
        : undefined;
    });

  it('trace draws the tree of an exit: each event with its source, and how long after its cause', async () => {
    const [told, { tree }] = await Promise.all([
      page(env, 'trace', retained.employeeId),
      answer<{ tree: TraceNode[] }>(env, 'trace', retained.employeeId),
    ]);
    const lines = told.trimEnd().split('\n');
    assert.match(
      lines[0]!,
      new RegExp(`^Exit of Nora Test \\d+ \\(${retained.employeeId}\\), closed: ${retained.exitId}$`),
    );
    assert.match(lines[2]!, /^employee\.resigned +\/ems\/client +\d+ \w+ \d{4}/);
    for (const system of systems)
      assert.match(told, new RegExp(`^├─ access\\.blocked ${system} +/ems/access +\\+\\d+\\.\\d+ s$`, 'm'));
    assert.match(told, /^[├└]─ exit\.decision-finalised retained +\/ems\/client +\+/m);
    assert.match(told, /^ {3}[├└]─ interview\.cancelled +\/ems\/hr +\+/m);
    assert.match(told, /^ {3}[│ ] {2}└─ manager\.notified outcome +\/ems\/notification +\+/m);
    assert.equal(new Set(lines.slice(2).map((line) => line.indexOf('/ems/'))).size, 1, 'aligned');
    assert.equal(tree.length, 1);
    assert.ok(tree[0]!.kind === 'event' && tree[0]!.children.length === 7);
  });

  it('trace shows what a stuck exit lacks, in its place and with the reason', async () => {
    const told = await page(env, 'trace', stuck.employeeId);
    assert.match(
      told,
      /^[├└]─ ! manager\.notified +notification +dead-lettered +notification\.\d+: .*no such user/m,
    );
    const none = await refusal(env, 'trace', 'T-unknown');
    assert.deepEqual([none.code, none.sentence], [1, 'T-unknown has no choreographed exit']);
  });

  it('tracker --once shows each promise of what is not finished, and counts the rest', async () => {
    const [told, { exits }] = await Promise.all([
      page(env, 'tracker', '--once'),
      answer<{ exits: TrackedExit[] }>(env, 'tracker', '--once'),
    ]);
    assert.match(told, /^EMPLOYEE +PHASE +SERVICE +PROMISE +STATE +WHEN/);
    assert.match(told, new RegExp(`^${stuck.employeeId} +awaiting-decision +`, 'm'));
    assert.match(told, /access-payroll +block-access:payroll +done/);
    assert.match(told, /notification +notify-manager +dead-lettered +.*no such user/);
    assert.match(told, /^1 more exits are closed, with every promise kept\.$/m);
    assert.deepEqual(
      exits.map(({ employeeId, phase }) => [employeeId, phase]),
      [
        [retained.employeeId, 'closed'],
        [stuck.employeeId, 'awaiting-decision'],
      ],
    );
  });

  it('dead-letters lists what was given up, and shows one with the original', async () => {
    const [[letter], told] = await Promise.all([list(), page(env, 'dead-letters')]);
    const { id, consumer, employeeId, exitId, event, step, reason } = letter!;
    assert.deepEqual(
      [consumer, employeeId, exitId, event, step],
      ['notification', stuck.employeeId, stuck.exitId, 'employee.resigned', 'notify-manager'],
    );
    assert.match(reason, /no such user/);
    assert.match(told, /^ID +WHEN +EMPLOYEE +EVENT +WHY/);
    assert.match(told, new RegExp(`^${id} .* ${stuck.employeeId} +employee\\.resigned +.*no such user`, 'm'));
    const [shown, original] = await Promise.all([
      page(env, 'dead-letters', 'show', id),
      answer<{ headers: Record<string, string>; data: string }>(env, 'dead-letters', 'show', id),
    ]);
    assert.equal((JSON.parse(original.data) as Hired).employeeId, stuck.employeeId);
    assert.equal(original.headers['ce-type'], 'employee.resigned');
    assert.ok(Object.keys(original.headers).every((name) => !name.startsWith('dead-letter')));
    assert.match(shown, /^ +given up by +notification, .* at delivery 1$/m);
    assert.match(shown, /^ +ce-source +\/ems\/client$/m);
    const none = await refusal(env, 'dead-letters', 'show', 'notification.999999');
    assert.match(none.sentence, /^There is no dead letter notification\.999999: ems dead-letters list$/);
  });

  it('dead-letters replay delivers one to its service again, once, and the tracker shows it', async () => {
    const tracking = startEms(env, 'tracker', '--json');
    const printed = (text: string) => eventually(text, () => tracking.printed().includes(text) || undefined);
    await printed('"dead-lettered"');
    world.mail.refuse(undefined);
    const { id } = (await list())[0]!;
    assert.ok((await answer<Replayed>(env, 'dead-letters', 'replay', id)).replayed);
    await untilStep(world, stuck, 'notify-manager', 'done');
    await world.mail.waitFor(stuck.manager, 1);
    const again = await page(env, 'dead-letters', 'replay', id);
    assert.match(again, new RegExp(`^Nothing is done with ${id}: it was replayed to notification at`));
    assert.ok((await list())[0]!.replayedAt);

    await eventually(
      'the change',
      () => /notify-manager","state":"done"/.test(tracking.printed()) || undefined,
    );
    tracking.interrupt();
    const { code, stdout, stderr } = await tracking.ended;
    assert.deepEqual([code, stderr], [0, '']);
    const changes = JSON.parse(stdout) as { employeeId: string; what: string; state: string }[];
    assert.ok(
      changes.every(({ employeeId }) => employeeId === stuck.employeeId),
      'a finished exit is no change',
    );
    const of = changes.filter(({ what }) => what === 'notification notify-manager');
    assert.deepEqual([of[0]!.state, of.at(-1)!.state], ['dead-lettered', 'done']);
    assert.ok(!(await page(env, 'trace', stuck.employeeId)).includes('! manager.notified'));
  });

  it('an invalid resignation needs attention until an exit is open', async () => {
    const nora = await world.hire();
    const subject = `exit.${nora.employeeId}.rubbish.employee.resigned`;
    await other.publish(subject, '\u001b[2Jnot json\u0000', {});
    const [letter] = await lettersUnder(subject, 9);
    assert.match(letter!.reason, /^ce-specversion must be 1\.0/);
    const shown = await page(env, 'dead-letters', 'show', letter!.id);
    assert.ok(shown.includes('  \\u{1b}[2Jnot json\\u{0}\n'), 'nothing of it steers a terminal');
    assert.match(shown, /\(no headers\)/);

    const attention = async (): Promise<string[]> =>
      (await answer<ListedExitOfForm[]>(env, 'list', '--attention')).map(
        ({ employeeId, phase }) => `${employeeId} ${phase}`,
      );
    assert.deepEqual(await attention(), [`${nora.employeeId} dead-lettered`]);
    assert.match(
      await page(env, 'list', '--attention'),
      new RegExp(`${nora.employeeId} +employee\\.resigned +.*ce-specversion`),
    );
    const refused = await refusal(env, 'dead-letters', 'replay', letter!.id);
    assert.match(refused.sentence, /is not replayed, since the message is invalid: ce-specversion/);
    await world.exits.open({ employeeId: nora.employeeId });
    assert.deepEqual(await attention(), []);
  });

  it('an event of an unknown exit is dead-lettered, and cannot be replayed', async () => {
    const subject = 'exit.T-none.x1.exit.decision-finalised';
    const decision = JSON.stringify({ outcome: 'retained', decidedBy: HR });
    await other.publish(subject, decision, cloudEvent('exit.decision-finalised', 'x1'));
    const [letter] = await lettersUnder(subject, 8);
    const refused = await refusal(env, 'dead-letters', 'replay', letter!.id);
    assert.match(refused.sentence, /T-none has no exit x1$/);
  });
});
