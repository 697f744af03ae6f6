import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Parser } from '@asyncapi/parser';
import { z } from 'zod';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { promisesOf, type Promised } from '../../src/choreography/subscribers/tasks.js';
import { isAsked, isManual } from '../../src/config/config.js';
import { planFrom } from '../../src/config/planning.js';
import { schemas, type EventType } from '../../src/exit/events.js';
import { ended, waiting } from '../promises/on-the-way.js';
import { startChoreographedWorld, type ChoreographedWorld } from '../support/choreographed-world.js';
import {
  checkStreams,
  contract,
  contractText,
  documentedEvents,
  problemsOf,
  sourceOf,
  type Schema,
} from '../support/contract.js';
import { eventually } from '../support/eventually.js';
import { cloudEvent, stranger } from '../support/nats.js';
import { sampleConfig } from '../support/sample-config.js';
import { HR, IT, stateOf, type Hired } from '../support/world.js';

const eventTypes = Object.keys(schemas) as EventType[];

const messageOf = (type: EventType) => contract.channels[type]!.messages.event;

const eventOf = ({ $ref }: { $ref: string }): string => $ref.replace('#/channels/', '');

/** `<source> <event>` */
const sends = new Set(
  Object.values(contract.operations)
    .filter(({ action }) => action === 'send')
    .flatMap(({ channel, tags }) => tags.map(({ name }) => `${sourceOf(name)} ${eventOf(channel)}`)),
);

const promisesIn = (tags: readonly string[], within: number) =>
  tags.flatMap((tag) => (contract['x-promises'][tag] ?? []).map((promise) => ({ ...promise, within })));

describe('asyncapi.yaml', () => {
  const mistakesIn = async (text: string): Promise<string[]> => {
    const { document, diagnostics } = await new Parser().parse(text);
    return document ? [] : diagnostics.map(({ message }) => message);
  };

  it('is valid AsyncAPI 3', async () => {
    assert.deepEqual(await mistakesIn(contractText), []);
  });

  for (const [what, from, to] of [
    ['an unknown channel', "'#/channels/access.blocked'", "'#/channels/access.blown'"],
    ['an unknown action', 'action: receive', 'action: listen'],
    ['an invalid schema', 'maxLength: 254', 'maxLength: many'],
  ] as const)
    it(`is rejected with ${what}`, async () => {
      assert.ok(contractText.includes(from));
      assert.notDeepEqual(await mistakesIn(contractText.replace(from, to)), []);
    });

  it('has exactly the events of the code', () => {
    assert.deepEqual(documentedEvents.toSorted(), eventTypes.toSorted());
    for (const name of documentedEvents)
      assert.equal(contract.channels[name]!.address, `exit.{employeeId}.{exitId}.${name}`);
  });

  for (const type of eventTypes)
    it(`gives the data of ${type} the schema that the code checks`, () => {
      const checked = z.toJSONSchema(schemas[type], { target: 'draft-7', io: 'input' });
      assert.deepEqual(comparable(messageOf(type).payload), comparable(checked));
    });

  const plan = planFrom(sampleConfig, 'choreographed');
  const { steps: table } = plan;

  for (const { name, service, event } of table)
    it(`has the event of ${name}, and lets the service ${service} send it`, () => {
      assert.ok(sends.has(`/ems/${service} ${event}`));
    });

  it('promises what the table of steps says', () => {
    const { attentionAfter } = sampleConfig.policy;
    const byStep = (promises: readonly Pick<Promised, 'step'>[]) =>
      promises.toSorted((a, b) => a.step.localeCompare(b.step));
    for (const [service, consumers] of Object.entries(contract['x-services'])) {
      const own = table.filter((row) => row.service === service).map(({ name: step }) => ({ step }));
      const promised = promisesOf(plan, own);
      assert.deepEqual(byStep(promisesIn(consumers, attentionAfter)), byStep(asJson(promised)), service);
    }
  });

  it('has valid examples', () => {
    for (const type of eventTypes)
      for (const { payload } of messageOf(type).examples ?? [])
        assert.ok(schemas[type].safeParse(payload).success, type);
  });
});

const asJson = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Without what only people read, and what a format, or JSON itself, says already. */
function comparable(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(comparable);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { $ref, description: _, examples: __, $schema: ___, ...rest } = schema as Schema;
  if (typeof $ref === 'string')
    return comparable(contract.components.schemas[$ref.replace('#/components/schemas/', '')]);
  if (rest['format'] !== undefined) delete rest['pattern'];
  if (rest['maximum'] === Number.MAX_SAFE_INTEGER) delete rest['maximum'];
  return Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, comparable(value)]));
}

describe('the services, as asyncapi.yaml documents them,', () => {
  const payroll = createServer((_request, response) => response.end());
  let world: ChoreographedWorld;
  before(async () => {
    await once(payroll.listen(0, '127.0.0.1'), 'listening');
    const { port } = payroll.address() as AddressInfo;
    const ida = '{ name: Ida Berg, email: ida.berg@acme.example }';
    world = await startChoreographedWorld({
      config: [
        [
          '# Steps of your own',
          `steps:
  - { name: final-pay, begins: resigned, gates: true, call: { url: 'http://127.0.0.1:${port}' } }
  - { name: laptop, begins: leaving, task: { to: ${ida}, ask: Collect it, remindEvery: P1D, within: P7D } }
# Steps of your own`,
        ],
        ['secondPerson: []', 'secondPerson: [leaving]'],
        ['recheckEvery: PT15M', 'recheckEvery: PT1S'],
        ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT0.5S]'],
        ['within: PT120H, escalateEvery: PT168H', 'within: PT8S, escalateEvery: PT168H'],
      ],
    });
  });
  after(async () => {
    await world.stop();
    payroll.close();
  });

  const until = (nora: Hired, step: string, wanted: string) =>
    world.until(nora, `${step} ${wanted}`, (status) => stateOf(status, step) === wanted);

  const said = ({ employeeId }: Hired, type: EventType) =>
    eventually(`${employeeId}: ${type}`, async () => {
      const { events } = await world.bus.read(employeeId);
      return events.find((event) => event.type === type);
    });

  it('send every documented event, and no other', async () => {
    const stays = await waiting(world);
    await said(stays, 'employee.notified');
    await world.exits.reschedule(stays.employeeId, { next: true, by: HR });
    await world.admin.payroll.setActive(stays.accounts.payroll!, true);
    await said(stays, 'access.drifted');
    await world.until(stays, 'blocked again', ({ blockedAt }) => blockedAt !== undefined);
    await said(stays, 'hr.reminded');
    await said(stays, 'decision.escalated');
    await ended(world, stays, 'retained');

    world.mail.refuse((to) => (to.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined));
    const goes = await world.open();
    await until(goes, 'notify-manager', 'needs-attention');
    await said(goes, 'operator.notified');
    world.mail.refuse(undefined);
    const retry = { step: 'notify-manager', action: 'retry', by: IT, evidence: 'TICKET-42' } as const;
    await world.exits.resolve(goes.employeeId, retry);
    await world.untilPhase(goes, 'awaiting-decision');
    const leaving = { outcome: 'leaving', decidedBy: HR } as const;
    await world.exits.decide(goes.employeeId, leaving);
    await said(goes, 'second-person.asked');
    await world.exits.reject(goes.employeeId, { number: 1, by: HR });
    await world.exits.decide(goes.employeeId, leaving);
    await ended(world, goes, { ...leaving, decidedBy: 'head-of-hr@acme.example' });
    await said(goes, 'task.requested');

    const bare = await world.hire();
    const other = await stranger(world.broker);
    const { employeeId } = bare;
    const resigned = 'employee.resigned';
    await other.publish(
      `exit.${employeeId}.bare.${resigned}`,
      JSON.stringify({ employeeId }),
      cloudEvent(resigned, 'bare'),
    );
    await other.close();
    await said(bare, 'step.completed');
    const soon = new Date(Date.now() + 60 * 24 * 3_600_000).toISOString().slice(0, 10);
    await world.exits.amend(employeeId, { lastWorkingDay: soon, by: HR });
    await world.exits.handOver(employeeId, {
      to: { name: 'Ida Berg', email: 'ida.berg@acme.example' },
      by: HR,
    });
    await ended(world, bare, 'withdrawn');

    const emitted = await checkStreams(world.bus);
    assert.deepEqual([...new Set(emitted.map(({ type }) => type))].toSorted(), eventTypes.toSorted());

    for (const { source, type } of emitted)
      assert.ok(sends.has(`${source} ${type}`), `${source} sends ${type}, undocumented`);
  });

  it('have the documented consumers, subjects and promises', async () => {
    const { systems, steps, policy } = world.config;
    const { attentionAfter } = policy;
    const consumers = Object.values(contract['x-services'])
      .flat()
      .flatMap((tag): { tag: string; name: string; system?: string; step?: string }[] => {
        if (tag.includes('{system}'))
          return systems
            .filter(tag.startsWith('owner') ? isManual : isAsked)
            .map(({ name }) => ({ tag, name: tag.replace('{system}', name), system: name }));
        if (tag.includes('{step}'))
          return steps.map(({ name }) => ({ tag, name: tag.replace('{step}', name), step: name }));
        return [{ tag, name: tag }];
      });
    const found = await world.bus.jsm.consumers.list(EXITS).next();
    const durable = found.flatMap(({ config }) => config.durable_name ?? []);
    const documented = [...consumers.map(({ name }) => name), ...contract['x-observers']];
    assert.deepEqual(durable.toSorted(), documented.toSorted());

    const plan = planFrom(world.config, 'choreographed');
    for (const { tag, system, step, name } of consumers) {
      const { config } = found.find((each) => each.name === name)!;
      const subjects = Object.values(contract.operations)
        .filter(({ action, tags }) => action === 'receive' && tags.some((each) => each.name === tag))
        .map(({ channel }) => contract.channels[eventOf(channel)]!.address.replaceAll(/\{\w+\}/g, '*'));
      assert.deepEqual(config.filter_subjects?.toSorted(), subjects.toSorted(), name);

      const promised = step
        ? promisesOf(plan, [{ step }])
        : promisesIn([tag], attentionAfter).map((promise) => ({ ...promise, ...(system && { system }) }));
      assert.deepEqual(JSON.parse(config.metadata!['promises']!), asJson(promised), name);
    }
  });

  it('begin an exit when another program publishes the example', async () => {
    const nora = await world.hire();
    const [example] = messageOf('employee.resigned').examples!;
    const other = await stranger(world.broker);
    const subject = `exit.${nora.employeeId}.${example!.headers!['ce-id']}.employee.resigned`;
    const data = { ...example!.payload, employeeId: nora.employeeId };
    await other.publish(subject, JSON.stringify(data), example!.headers);
    await other.close();
    const status = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(status.exitId, example!.headers!['ce-id']);
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('would fail the check with an event that is not as documented', () => {
    const [example] = messageOf('employee.resigned').examples!;
    const problems = (
      headers: Record<string, string>,
      payload: unknown,
      type: EventType = 'employee.resigned',
    ) => problemsOf(type, { ...example!.headers, ...headers }, payload).join('; ');
    assert.equal(problems({}, example!.payload), '');
    assert.match(problems({ 'ce-specversion': '0.3' }, { employeeId: 'E-1' }), /ce-specversion/);
    assert.match(problems({}, {}), /employeeId/);
    assert.match(problems({}, { employeeId: 'E-1', lastWorkingDay: 'tomorrow' }), /lastWorkingDay/);
    assert.match(problems({}, { employeeId: 'E-1' }, 'access.blocked'), /ce-type.*system/);
  });
});
