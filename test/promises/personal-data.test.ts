/** With EMS_DATA_KEYS neither engine stores who is leaving, and why: what they have on their disks was encrypted before. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { choreographedExits } from '../../src/choreography/client/choreographed-exits.js';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { noDataKeys } from '../../src/config/data-keys.js';
import { dataConverterOf } from '../../src/temporal/data-converter.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { keySet, newDataKey } from '../support/data-keys.js';
import { eventually } from '../support/eventually.js';
import { HR, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, hasAccess, untilStep, waiting } from './on-the-way.js';

const { GetWorkflowExecutionHistoryResponse, DescribeWorkflowExecutionResponse } =
  proto.temporal.api.workflowservice.v1;
const REASON = 'moves to the seaside';
const asker = { subject: 'hr-1', name: 'Hanna Hartmann', address: '192.0.2.77' };

inBothForms('personal data with keys', { env: { EMS_DATA_KEYS: keySet(newDataKey('2026')) } }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  for (const outcome of ['retained', 'leaving'] as const)
    it(`is in nothing that the engine stores of an exit that ends as ${outcome}, its failures among them`, async () => {
      world.mail.refuse((to) =>
        to.startsWith('boss-of') ? { code: 550, message: `5.1.1 no ${to} here` } : undefined,
      );
      const nora = await world.hire({ displayName: 'Nora Nightingale' });
      await world.exits.open({ employeeId: nora.employeeId, reason: REASON, asker });
      const stuck = await untilStep(world, nora, 'notify-manager');
      assert.match(stepOf(stuck, 'notify-manager')!.error!, new RegExp(nora.manager));
      assert.deepEqual(await foundOf(nora), []);

      await world.mend();
      await world.exits.resolve(nora.employeeId, { step: 'notify-manager', action: 'retry', by: HR, asker });
      await untilStep(world, nora, 'notify-manager', 'done');
      await world.untilPhase(nora, 'awaiting-decision');
      await ended(world, nora, outcome);
      if (outcome === 'retained') await hasAccess(world, nora);
      const evidence = JSON.stringify(await world.exits.report(nora.employeeId, '0.0.0-test'));
      assert.match(evidence, new RegExp(`${REASON}.*${nora.email}`));
      assert.deepEqual(await foundOf(nora), []);
    });

  for (const [what, keys] of [
    ['no keys', ''],
    ['other keys', keySet(newDataKey('2020'))],
  ] as const)
    it(`@long is not misread by a process with ${what}: the exit stands still until it has the right ones`, async () => {
      const { env } = world;
      const right = env['EMS_DATA_KEYS']!;
      const nora = await waiting(world);
      await world.stopServing();
      env['EMS_DATA_KEYS'] = keys;
      await world.startServing();
      const deciding = world.exits.decide(nora.employeeId, { outcome: 'retained', decidedBy: HR });
      await stumbled(world, nora);
      await world.stopServing();
      env['EMS_DATA_KEYS'] = right;
      await world.startServing();
      await deciding;
      await world.untilPhase(nora, 'closed');
      await hasAccess(world, nora);
    });

  it('is asked for by name where a client has no keys', async () => {
    const nora = await waiting(world);
    await assert.rejects(keyless(world, nora), /encrypted.*EMS_DATA_KEYS/);
    await ended(world, nora, 'retained');
  });

  /** @returns what is found of the person in what the engine stores */
  async function foundOf(nora: Hired): Promise<string[]> {
    const stored = world.bus ? await onDisk(world) : await ofExit(world, nora);
    assert.ok(stored.includes(nora.employeeId), 'the id is in plain text: keys and subjects have it');
    const personal = ['Nora', 'Nightingale', REASON, nora.email, nora.manager, nora.accounts.payroll!];
    const acting = [asker.name, asker.address];
    return [...personal, ...acting].filter((each) => stored.includes(each));
  }
});

/** Waits until a process has failed on the exit, and tries again. */
async function stumbled({ bus, client }: Company, { employeeId }: Hired): Promise<void> {
  await eventually('a failed try', async () => {
    if (bus) return (await bus.jsm.consumers.info(EXITS, 'access-payroll')).num_redelivered > 0 || undefined;
    const { raw } = await client.workflow.getHandle(`exit-${employeeId}`).describe();
    return (raw.pendingWorkflowTask?.attempt ?? 1) > 1 || undefined;
  });
}

/** The status, by a client of the same form without keys. */
async function keyless({ broker, config, client }: Company, { employeeId }: Hired): Promise<unknown> {
  if (!broker) {
    const { connection } = client;
    const plain = new Client({ connection, dataConverter: dataConverterOf(noDataKeys) });
    return orchestratedExits(plain).status(employeeId);
  }
  const bus = await connectBus({ servers: [broker.address] }, 'a client without keys');
  try {
    return await (await choreographedExits(bus, config)).status(employeeId);
  } finally {
    await bus.close();
  }
}

/** Every file of JetStream, as `strings` would read it. */
async function onDisk({ broker }: Company): Promise<Buffer> {
  const { storeDir } = broker!;
  const files = await readdir(storeDir, { recursive: true, withFileTypes: true });
  return Buffer.concat(
    await Promise.all(
      files
        // The server renames these as soon as they are written.
        .filter((file) => file.isFile() && !file.name.endsWith('.tmp'))
        .map((file) => readFile(path.join(file.parentPath, file.name))),
    ),
  );
}

/** What Temporal answers about the workflow of an exit, as it came over the wire. */
async function ofExit({ client }: Company, { employeeId }: Hired): Promise<Buffer> {
  const place = { namespace: 'default', execution: { workflowId: `exit-${employeeId}` } };
  const history = await client.workflowService.getWorkflowExecutionHistory(place);
  const described = await client.workflowService.describeWorkflowExecution(place);
  return Buffer.concat([
    GetWorkflowExecutionHistoryResponse.encode(history).finish(),
    DescribeWorkflowExecutionResponse.encode(described).finish(),
  ]);
}
