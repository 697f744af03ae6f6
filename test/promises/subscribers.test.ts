import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { deadLettersOf } from '../../src/choreography/dead-letters/replay.js';
import type { Config } from '../../src/config/config.js';
import { publishedTypes, type PublishedEvent } from '../../src/exit/published-events.js';
import { eventually } from '../support/eventually.js';
import { startEventReceiver, type Answer, type EventReceiver } from '../support/event-receiver.js';
import { HR, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';

const secrets = [0, 1].map(() => `whsec_${randomBytes(32).toString('base64')}`);
const subscriber = (name: string, { url }: EventReceiver, more = {}): Config['subscribers'][number] => ({
  ...{ name, url, secrets, events: publishedTypes, giveUpAfter: 3_600_000 },
  ...more,
});

inBothForms('a subscriber outside EMS', { systems: ['payroll'] }, (company) => {
  let world: Company;
  let steady: EventReceiver;
  let shaky: EventReceiver;
  let few: EventReceiver;
  let impatient: EventReceiver;
  /** Exit ids. */
  const begun = new Set<string>();
  before(async () => {
    world = company();
    [steady, shaky, few, impatient] = await Promise.all([
      startEventReceiver(),
      startEventReceiver(),
      startEventReceiver(),
      startEventReceiver(),
    ]);
    await world.restart((config) => {
      config.subscribers = [
        subscriber('steady', steady),
        subscriber('shaky', shaky),
        subscriber('few', few, { events: ['access.blocked'] }),
        subscriber('impatient', impatient, { giveUpAfter: 1_000 }),
      ];
    });
  });
  after(() => Promise.all([steady, shaky, few, impatient].map((receiver) => receiver.takeDown())));

  async function opened(): Promise<Hired & { exitId: string }> {
    const nora = await world.hire({ displayName: 'Nora Nightingale', personalEmail: 'nora@home.example' });
    const { employeeId } = nora;
    const { exitId } = await world.exits.open({ employeeId, reason: 'a private reason' });
    begun.add(exitId);
    return { ...nora, exitId };
  }

  /** From the next exit on. What it has not heard of earlier ones yet, it takes: events come in order. */
  function answersLater(answer: Answer): void {
    const earlier = new Set(begun);
    shaky.answers(({ subject }) => (earlier.has(subject) ? 204 : answer));
  }

  async function retained(nora: Hired): Promise<void> {
    await world.untilPhase(nora, 'awaiting-decision');
    const note = 'a private note';
    await world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR, note });
    await world.untilPhase(nora, 'closed');
  }

  const hears = (receiver: EventReceiver, exitId: string, type: string): Promise<PublishedEvent[]> =>
    eventually(`${type} at the receiver`, () => {
      const all = receiver.taken(exitId);
      return Promise.resolve(all.some((event) => event.type === type) ? all : undefined);
    });

  /** Both have heard of the end, and of the same events in the same order. */
  const hearTheSame = (exitId: string): Promise<PublishedEvent[]> =>
    eventually('the same events at both receivers', async () => {
      const all = await hears(steady, exitId, 'access.restored');
      const ids = ({ id }: PublishedEvent) => id;
      const isSame = JSON.stringify(all.map(ids)) === JSON.stringify(shaky.taken(exitId).map(ids));
      return isSame ? all : undefined;
    });

  it('gets the events of an exit in order, signed, without a name, address, reason or note', async () => {
    const nora = await opened();
    await retained(nora);
    const types = (await hearTheSame(nora.exitId)).map(({ type }) => type);
    const inOrder = ['employee.resigned', 'access.blocked', 'exit.decision-finalised', 'access.restored'];
    assert.deepEqual(
      types.filter((type) => inOrder.includes(type)),
      inOrder,
    );
    assert.equal(types[0], 'employee.resigned');
    assert.ok(types.includes('manager.notified'));

    const own = steady.deliveries.filter(({ event }) => event.subject === nora.exitId);
    for (const { headers, body, event } of own) {
      assert.match(headers['content-type']!, /^application\/cloudevents\+json/);
      for (const secret of secrets) new Webhook(secret).verify(body, headers as Record<string, string>);
      const { employeeId, form } = event.data;
      assert.deepEqual([event.specversion, employeeId, form], ['1.0', nora.employeeId, world.form]);
      const hidden = /Nora|Nightingale|@|private|password|externalId/i.exec(body);
      assert.equal(hidden, null, `${body} has ${hidden?.[0]}`);
    }
    assert.deepEqual(
      few.taken(nora.exitId).map(({ type }) => type),
      ['access.blocked'],
    );
  });

  it('that fails, hangs, goes away and comes back gets each event, in order; the exit does not wait', async () => {
    answersLater(503);
    const nora = await opened();
    await eventually('a second attempt', () =>
      Promise.resolve(
        shaky.deliveries.filter(({ event }) => event.subject === nora.exitId).length > 1 || undefined,
      ),
    );
    shaky.answers('none');
    await world.untilPhase(nora, 'awaiting-decision');
    await shaky.takeDown();
    await retained(nora);
    assert.deepEqual(shaky.taken(nora.exitId), []);
    // What is left survives the processes that deliver it.
    await world.restart(() => undefined);
    shaky.answers(200);
    await shaky.bringUp();
    await hearTheSame(nora.exitId);
    const [first, ...others] = shaky.deliveries.filter(
      ({ event }) => event.type === 'employee.resigned' && event.subject === nora.exitId,
    );
    assert.ok(others.length > 0);
    for (const { headers } of others) assert.equal(headers['webhook-id'], first!.headers['webhook-id']);
  });

  it('that redirects gets the events once it has stopped that; its target gets none', async () => {
    const target = await startEventReceiver();
    answersLater({ redirect: target.url });
    const nora = await opened();
    await retained(nora);
    await eventually('a redirect', () =>
      Promise.resolve(shaky.deliveries.some(({ event }) => event.subject === nora.exitId) || undefined),
    );
    shaky.answers(204);
    await hearTheSame(nora.exitId);
    await target.takeDown();
    assert.deepEqual(target.deliveries, []);
  });

  for (const [what, status] of [
    ['refuses an event', 422],
    ['fails for too long', 500],
  ] as const)
    it(`that ${what} gets the later ones, and what was given up is shown`, async () => {
      impatient.answers(({ type }) => (type === 'access.blocked' ? status : 204));
      const nora = await opened();
      await retained(nora);
      const told = await hears(impatient, nora.exitId, 'access.restored');
      assert.ok(!told.some(({ type }) => type === 'access.blocked'));
      const why = new RegExp(
        `The subscriber impatient answered ${status} to access\\.blocked of the exit ${nora.exitId}`,
      );
      if (world.bus) {
        const letters = await deadLettersOf(world.bus).list();
        const own = letters.filter(
          ({ consumer, exitId }) => consumer === 'told-impatient' && exitId === nora.exitId,
        );
        assert.deepEqual(
          own.map(({ type, event }) => [type, event]),
          [['Undelivered', 'access.blocked']],
        );
        assert.match(own[0]!.reason, why);
        impatient.answers(204);
        await deadLettersOf(world.bus).replay(own[0]!.id);
        await hears(impatient, nora.exitId, 'access.blocked');
      } else {
        const telling = world.client.workflow.getHandle(`events-${nora.exitId}`);
        await assert.rejects(telling.result(), (error: Error) => why.test((error.cause as Error).message));
      }
    });
});
