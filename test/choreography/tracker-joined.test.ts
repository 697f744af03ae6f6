import assert from 'node:assert/strict';
import { AckPolicy, type Consumer } from '@nats-io/jetstream';
import { noDataKeys } from '../../src/config/data-keys.js';
import { headersOf } from '../../src/choreography/jetstream/cloudevents.js';
import { traceOf } from '../../src/choreography/observing/trace.js';
import { createTracker } from '../../src/choreography/observing/tracker.js';
import { ended } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import { eventually } from '../support/eventually.js';
import { observedOf, statesOf as states } from '../support/tracked.js';

const FINAL_PAY = 'payroll.final-pay-prepared';

describe('a service that joins unannounced', () => {
  const promises = [
    { on: 'employee.resigned', event: FINAL_PAY, within: 200 },
    {
      on: 'exit.decision-finalised',
      when: { outcome: 'leaving' },
      event: 'payroll.closed',
      within: 60_000,
    },
  ];
  let world: ChoreographedWorld;
  let payroll: Consumer;
  before(async () => {
    world = await startChoreographedWorld();
    await world.bus.jsm.consumers.add('EXITS', {
      durable_name: 'payroll',
      filter_subjects: ['exit.*.*.employee.resigned', 'exit.*.*.exit.decision-finalised'],
      ack_policy: AckPolicy.Explicit,
      max_deliver: 1,
      metadata: { promises: JSON.stringify(promises) },
    });
    payroll = await world.bus.js.consumers.get('EXITS', 'payroll');
  });
  after(() => world.stop());

  const observed = (of: { exitId: string }) => observedOf(world, of);

  /** It says that the final pay is prepared. */
  async function prepare({ employeeId, exitId }: { employeeId: string; exitId: string }): Promise<void> {
    const cause = (await world.bus.read(employeeId)).events[0]!;
    const event = { id: `${cause.id}/pay`, source: '/payroll', time: cause.time, causationId: cause.id };
    const headers = headersOf({ ...cause, ...event }, noDataKeys);
    headers.set('ce-type', FINAL_PAY);
    await world.bus.send(`exit.${employeeId}.${exitId}.${FINAL_PAY}`, '{"amount":1}', {
      id: event.id,
      headers,
    });
  }

  it('shows its promise as overdue, then as done, and none for another outcome', async () => {
    const nora = await world.open({ on: [] });
    await eventually('overdue', async () =>
      states(await observed(nora))[`payroll ${FINAL_PAY}`] === 'overdue' ? true : undefined,
    );
    await world.untilPhase(nora, 'awaiting-decision');
    await ended(world, nora, 'retained');
    await prepare(nora);
    const exit = await observed(nora);
    assert.equal(states(exit)[`payroll ${FINAL_PAY}`], 'done');
    assert.equal(states(exit)['payroll payroll.closed'], undefined);
    assert.equal((await world.exits.status(nora.employeeId)).phase, 'closed', 'the fold ignores the event');
    const tree = traceOf(exit);
    assert.ok(tree[0]!.children.some((node) => node.kind === 'event' && node.event === FINAL_PAY));
  });

  it('makes a dead letter of what it terminates, and its exit needs attention', async () => {
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

  it('with unreadable metadata is reported, and the others show all the same', async () => {
    await world.bus.jsm.consumers.add('EXITS', {
      durable_name: 'riddle',
      ack_policy: AckPolicy.Explicit,
      metadata: { promises: '[{"on":1}]' },
    });
    const { problems, exits } = await createTracker(world.bus).look();
    assert.deepEqual([...problems.keys()], ['riddle']);
    assert.ok(exits.every(({ promises }) => promises.length > 0));
  });
});
