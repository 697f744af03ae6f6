import assert from 'node:assert/strict';
import { Parser } from '@asyncapi/parser';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { schemas, type EventType } from '../../src/exit/events.js';
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
import { stranger } from '../support/nats.js';
import { HR, IT, stateOf, type Hired } from '../support/world.js';

const eventTypes = Object.keys(schemas) as EventType[];

const eventOf = ({ $ref }: { $ref: string }): string => $ref.replace('#/channels/', '');

describe('asyncapi.yaml', () => {
  const mistakesIn = async (text: string): Promise<string[]> => {
    const { document, diagnostics } = await new Parser().parse(text);
    return document ? [] : diagnostics.map(({ message }) => message);
  };

  it('is valid AsyncAPI 3', async () => {
    assert.deepEqual(await mistakesIn(contractText), []);
  });

  for (const [what, from, to] of [
    ['a channel that there is not', "'#/channels/access.blocked'", "'#/channels/access.blown'"],
    ['an action that there is not', 'action: receive', 'action: listen'],
    ['a schema that is none', 'maxLength: 254', 'maxLength: many'],
  ] as const)
    it(`with ${what} would be rejected`, async () => {
      assert.ok(contractText.includes(from));
      assert.notDeepEqual(await mistakesIn(contractText.replace(from, to)), []);
    });

  it('has every event, and none more', () => {
    assert.deepEqual(documentedEvents.toSorted(), eventTypes.toSorted());
    for (const [name, { address, messages }] of Object.entries(contract.channels)) {
      if (name === 'dead-letters') continue;
      assert.equal(address, `exit.{employeeId}.{exitId}.${name}`);
      assert.deepEqual(messages, { event: { $ref: `#/components/messages/${name}` } });
      assert.deepEqual(contract.components.messages[name]!.payload, { $ref: `#/components/schemas/${name}` });
    }
  });

  for (const type of eventTypes)
    it(`says of the data of ${type} what the code checks`, () => {
      const checked = z.toJSONSchema(schemas[type], { target: 'draft-7', io: 'input' });
      assert.deepEqual(comparable(contract.components.schemas[type]!), comparable(checked));
    });

  it('has examples that keep to it', () => {
    for (const type of eventTypes)
      for (const { payload } of contract.components.messages[type]!.examples ?? [])
        assert.ok(schemas[type].safeParse(payload).success, type);
  });
});

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

describe('what the services do, as asyncapi.yaml says it', () => {
  let world: ChoreographedWorld;
  before(async () => {
    world = await startChoreographedWorld({
      config: [
        ['recheckEvery: PT15M', 'recheckEvery: PT1S'],
        ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT0.5S]'],
        ['within: PT120H, escalateEvery: PT168H', 'within: PT5S, escalateEvery: PT5S'],
      ],
    });
  });
  after(() => world.stop());

  const until = (nora: Hired, step: string, wanted: string) =>
    world.until(nora, `${step} ${wanted}`, (status) => stateOf(status, step) === wanted);

  const said = ({ employeeId }: Hired, type: EventType) =>
    eventually(`${employeeId}: ${type}`, async () => {
      const { events } = await world.bus.read(employeeId);
      return events.find((event) => event.type === type);
    });

  async function decided(nora: Hired, outcome: 'retained' | 'leaving'): Promise<void> {
    await world.exits.decide(nora.employeeId, { outcome, decidedBy: HR });
    await world.untilPhase(nora, 'closed');
  }

  it('is all that they say, in exits of every kind', async () => {
    const stays = await world.open();
    await world.untilPhase(stays, 'awaiting-decision');
    await said(stays, 'employee.notified');
    await world.exits.reschedule(stays.employeeId, { next: true, by: HR });
    await world.admin.payroll.setActive(stays.accounts.payroll!, true);
    await said(stays, 'access.drifted');
    await world.until(stays, 'blocked again', ({ blockedAt }) => blockedAt !== undefined);
    await said(stays, 'hr.reminded');
    await said(stays, 'decision.escalated');
    await decided(stays, 'retained');

    world.mail.refuse((to) => (to.startsWith('boss') ? { code: 550, message: 'no such user' } : undefined));
    const goes = await world.open();
    await until(goes, 'notify-manager', 'needs-attention');
    await said(goes, 'operator.notified');
    world.mail.refuse(undefined);
    const retry = { step: 'notify-manager', action: 'retry', by: IT, evidence: 'TICKET-42' } as const;
    await world.exits.resolve(goes.employeeId, retry);
    await world.untilPhase(goes, 'awaiting-decision');
    await decided(goes, 'leaving');

    const emitted = await checkStreams(world.bus);
    assert.deepEqual([...new Set(emitted.map(({ type }) => type))].toSorted(), eventTypes.toSorted());

    const sends = new Set(
      Object.values(contract.operations)
        .filter(({ action }) => action === 'send')
        .map(({ channel, tags }) => `${sourceOf(tags[0]!.name)} ${eventOf(channel)}`),
    );
    for (const { source, type } of emitted)
      assert.ok(sends.has(`${source} ${type}`), `${source} sends ${type}, undocumented`);
  });

  it('is what their consumers hear, and promise', async () => {
    const systems = world.config.systems.map(({ name }) => name);
    const consumers = Object.values(contract['x-services'])
      .flat()
      .flatMap((tag): { tag: string; name: string; system?: string }[] =>
        tag.includes('{system}')
          ? systems.map((system) => ({ tag, name: tag.replace('{system}', system), system }))
          : [{ tag, name: tag }],
      );
    const found = await world.bus.jsm.consumers.list(EXITS).next();
    assert.deepEqual(
      Object.keys(contract['x-promises']).filter((tag) => !consumers.some((each) => each.tag === tag)),
      [],
    );
    const durable = found.flatMap(({ config }) => config.durable_name ?? []);
    assert.deepEqual(durable.toSorted(), consumers.map(({ name }) => name).toSorted());

    for (const { tag, system, name } of consumers) {
      const { config } = await world.bus.jsm.consumers.info(EXITS, name);
      const operations = Object.values(contract.operations).filter(({ tags }) => tags[0]!.name === tag);
      const subjects = operations
        .filter(({ action }) => action === 'receive')
        .map(({ channel }) => contract.channels[eventOf(channel)]!.address.replaceAll(/\{\w+\}/g, '*'));
      assert.deepEqual(config.filter_subjects?.toSorted(), subjects.toSorted(), name);

      const promised = (contract['x-promises'][tag] ?? []).map(({ within, ...promise }) => ({
        ...promise,
        ...(system && { system }),
        within: Temporal.Duration.from(within).total('milliseconds'),
      }));
      assert.deepEqual(JSON.parse(config.metadata!['promises']!), promised, name);
      for (const { event } of promised)
        assert.ok(operations.some(({ action, channel }) => action === 'send' && eventOf(channel) === event));
    }
  });

  it('begins an exit where a stranger publishes the example', async () => {
    const nora = await world.hire();
    const [example] = contract.components.messages['employee.resigned']!.examples!;
    const other = await stranger(world.broker);
    const subject = `exit.${nora.employeeId}.${example!.headers!['ce-id']}.employee.resigned`;
    const data = { ...example!.payload, employeeId: nora.employeeId };
    await other.publish(subject, JSON.stringify(data), example!.headers);
    await other.close();
    const status = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(status.exitId, example!.headers!['ce-id']);
    assert.equal((await world.account(nora, 'payroll')).active, false);
  });

  it('would be found where an event were not as documented', () => {
    const [example] = contract.components.messages['employee.resigned']!.examples!;
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
