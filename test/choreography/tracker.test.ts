import assert from 'node:assert/strict';
import { AckPolicy, type Consumer } from '@nats-io/jetstream';
import { headersOf } from '../../src/choreography/cloudevents.js';
import { patiently } from '../../src/choreography/patience.js';
import { traceOf, type TraceNode } from '../../src/choreography/trace.js';
import { createTracker, type ObservedExit } from '../../src/choreography/tracker.js';
import { deadLettersOf } from '../../src/client/dead-letters.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { HR, IT, stateOf, systems, type Hired } from '../support/world.js';

const FINAL_PAY = 'payroll.final-pay-prepared';

describe('the tracker', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld();
  });
  afterEach(() => world.mend());
  after(() => world.stop());

  /** Anew from the stream each time. */
  async function observed({ exitId }: { exitId: string }): Promise<ObservedExit> {
    const { exits } = await createTracker(world.bus, [...systems]).look();
    return exits.find((exit) => exit.exitId === exitId) ?? assert.fail('not seen');
  }
  const states = ({ promises }: ObservedExit): Record<string, string> =>
    Object.fromEntries(
      promises.map(({ consumer, step, event, state }) => [`${consumer} ${step ?? event}`, state]),
    );
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
    });
    assert.ok(exit.promises.every(({ since, doneAt, due }) => since <= doneAt! && doneAt! < due));
  });

  it('draws what followed from what', async () => {
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
      [...systems.map(() => 'access.blocked'), 'interview.scheduled', 'manager.notified'],
    );
    const revoked = (decision as unknown[]).slice(1) as string[][];
    assert.deepEqual(
      revoked.map(([event]) => event),
      systems.map(() => 'access.revoked'),
    );
    assert.deepEqual(revoked.flatMap(([, ...after]) => after).flat(), ['manager.notified']);
  });

  it('shows what is dead-lettered, in its place in the tree, until it is put before its service again', async () => {
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
    const letters = deadLettersOf(world.bus, [...systems]);
    assert.ok((await letters.replay(deadLetter!)).replayed);
    const again = await letters.replay(deadLetter!);
    assert.match(again.replayed ? '' : again.why, /has been given it again already/);
    await world.until(nora, 'told', (status) => stateOf(status, 'notify-manager') === 'done');
    await world.mail.waitFor(nora.manager, 1);
    assert.equal(states(await observed(nora))['notification notify-manager'], 'done');
    assert.equal(world.mail.to(nora.email).length, 1, 'the other services leave the copy alone');
  });

  it('has the outcome sent that was given up, although access was as decided long before', async () => {
    const nora = await world.open({ on: [] });
    await world.untilPhase(nora, 'awaiting-decision');
    world.mail.refuse(() => ({ code: 550, message: 'no such user' }));
    await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
    const { id } = await eventually('a dead letter', async () => {
      const found = await deadLettersOf(world.bus, [...systems]).list();
      return found.find(({ exitId }) => exitId === nora.exitId);
    });
    world.mail.refuse(undefined);
    await deadLettersOf(world.bus, [...systems]).replay(id);
    await world.untilPhase(nora, 'closed');
    const done = await deadLettersOf(world.bus, [...systems]).replay(id);
    assert.equal(done.replayed, false);
  });

  it('takes what an operator settled for kept or waived, and says by whom', async () => {
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

  describe('when a service joins that nobody has been told of', () => {
    const promises = [
      { on: 'employee.resigned', event: FINAL_PAY, within: 200 },
      {
        on: 'exit.decision-finalised',
        when: { outcome: 'leaving' },
        event: 'payroll.closed',
        within: 60_000,
      },
    ];
    let payroll: Consumer;
    before(async () => {
      await world.bus.jsm.consumers.add('EXITS', {
        durable_name: 'payroll',
        filter_subjects: ['exit.*.*.employee.resigned', 'exit.*.*.exit.decision-finalised'],
        ack_policy: AckPolicy.Explicit,
        max_deliver: 1,
        metadata: { promises: JSON.stringify(promises) },
      });
      payroll = await world.bus.js.consumers.get('EXITS', 'payroll');
    });
    after(() => world.bus.jsm.consumers.delete('EXITS', 'payroll'));

    /** It says that the final pay is prepared. */
    async function prepare({ employeeId, exitId }: { employeeId: string; exitId: string }): Promise<void> {
      const cause = (await world.bus.read(employeeId)).events[0]!;
      const event = { id: `${cause.id}/pay`, source: '/payroll', time: cause.time, causationId: cause.id };
      const headers = headersOf({ ...cause, ...event });
      headers.set('ce-type', FINAL_PAY);
      await world.bus.send(`exit.${employeeId}.${exitId}.${FINAL_PAY}`, '{"amount":1}', {
        id: event.id,
        headers,
      });
    }

    it('its promise shows: overdue, then done; where another outcome was decided it promises nothing', async () => {
      const nora = await world.open({ on: [] });
      await eventually('overdue', async () =>
        states(await observed(nora))[`payroll ${FINAL_PAY}`] === 'overdue' ? true : undefined,
      );
      await decided(nora, 'retained');
      await prepare(nora);
      const exit = await observed(nora);
      assert.equal(states(exit)[`payroll ${FINAL_PAY}`], 'done');
      assert.equal(states(exit)['payroll payroll.closed'], undefined);
      assert.equal(
        (await world.exits.status(nora.employeeId)).phase,
        'closed',
        'which the fold leaves alone',
      );
      const tree = traceOf(exit);
      assert.ok(tree[0]!.children.some((node) => node.kind === 'event' && node.event === FINAL_PAY));
    });

    it('what it gives up without a word is a dead letter, and its exit needs attention', async () => {
      const nora = await world.open({ on: [] });
      for (;;) {
        const message = await payroll.next();
        assert.ok(message);
        if (!message.subject.includes(nora.exitId)) message.ack();
        else {
          message.term('the bank is closed');
          break;
        }
      }
      const exit = await eventually('dead-lettered', async () => {
        const found = await observed(nora);
        return states(found)[`payroll ${FINAL_PAY}`] === 'dead-lettered' ? found : undefined;
      });
      assert.match(exit.promises.at(-1)!.remark!, /the bank is closed/);
      const listed = await world.exits.list({ attention: true });
      const ours = listed.find(({ employeeId }) => employeeId === nora.employeeId);
      assert.match(ours!.deadLetters![0]!.reason, /the bank is closed/);
      assert.deepEqual(ours!.stuckSteps, []);
    });

    it('and declares what nobody can read, that is said, and the others show all the same', async () => {
      await world.bus.jsm.consumers.add('EXITS', {
        durable_name: 'riddle',
        ack_policy: AckPolicy.Explicit,
        metadata: { promises: '[{"on":1}]' },
      });
      const { problems, exits } = await createTracker(world.bus, [...systems]).look();
      assert.deepEqual([...problems.keys()], ['riddle']);
      assert.ok(exits.every(({ promises }) => promises.length > 0));
      await world.bus.jsm.consumers.delete('EXITS', 'riddle');
    });
  });

  it('goes on after the broker was killed, and comes anew from the stream to the same', async () => {
    const nora = await world.open();
    await world.untilPhase(nora, 'awaiting-decision');
    const tracker = createTracker(world.bus, [...systems]);
    await tracker.look();
    await world.broker.kill();
    await world.broker.start();
    await decided(nora, 'leaving');
    const { exits } = await patiently('the streams', () => tracker.look());
    const ours = exits.find(({ exitId }) => exitId === nora.exitId)!;
    assert.equal(states(ours)['notification notify-manager-of-outcome'], 'done');
    assert.deepEqual(ours.promises, (await observed(nora)).promises);
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
    const tracker = createTracker(world.bus, [...systems]);
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
