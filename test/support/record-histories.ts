/**
 * Records the corpus of histories that replay.test.ts holds new workflow code to: `npm run record-histories`. Exits stay open for
 * weeks: what the code of today began, the code of tomorrow must still understand. Until version 1.0 there is one generation:
 * nothing is released, so the corpus is replaced with the workflow. With names of paths, it records those:
 * `npm run record-histories -- cancelled`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { stopTemporal } from './temporal.js';
import { HR, IT, startWorld, stateOf, type Hired, type World } from './world.js';

const folder = 'test/histories';
const retained = { outcome: 'retained', decidedBy: HR } as const;
const leaving = { outcome: 'leaving', decidedBy: HR } as const;

const paths: Record<string, (world: World, nora: Hired) => Promise<unknown>> = {
  async 'awaiting-decision'(world, nora) {
    await begun(world, nora);
  },
  async retained(world, nora) {
    await begun(world, nora);
    await decided(world, nora, retained);
  },
  async leaving(world, nora) {
    await begun(world, nora);
    await decided(world, nora, leaving);
  },
  async 'leaving-later-then-retained'(world, nora) {
    await begun(world, nora);
    await world.exits.decide(nora.employeeId, { ...leaving, effectiveOn: inNineDays().slice(0, 10) });
    await world.untilPhase(nora, 'awaiting-effective-date');
    await decided(world, nora, retained);
  },
  async 'decision-before-block'(world, nora) {
    world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
    await world.exits.open({ employeeId: nora.employeeId });
    await untilStep(world, nora, 'block-access:payroll', 'done');
    await world.exits.decide(nora.employeeId, retained);
    await untilStep(world, nora, 'block-access:code', 'skipped');
    await world.mend();
    await world.untilPhase(nora, 'closed');
  },
  async 'attention-and-mended'(world, nora) {
    await world.takeDown('mail');
    world.proxies.code.fault(() => ({ kind: 'answer', status: 403 }));
    await world.exits.open({ employeeId: nora.employeeId });
    await world.until(nora, 'attention', (status) =>
      ['notify-manager', 'block-access:code'].every((step) => stateOf(status, step) === 'needs-attention'),
    );
    const byHand = { step: 'block-access', system: 'code', action: 'done-by-hand', by: IT } as const;
    await world.exits.resolve(nora.employeeId, byHand);
    await world.mend();
    await world.untilPhase(nora, 'awaiting-decision');
    await world.until(nora, 'the operator told', (status) => stateOf(status, 'notify-operator') === 'done');
    await decided(world, nora, leaving);
  },
  async 'rubbish-signals'(world, nora) {
    await begun(world, nora);
    const handle = world.client.workflow.getHandle(exitWorkflowId(nora.employeeId));
    await handle.signal('decisionFinalised', { outcome: 'promoted' });
    await handle.signal('somethingElse');
    await decided(world, nora, leaving);
    await handle.result();
  },
  async 'cancelled-while-blocking'(world, nora) {
    world.proxies.code.fault(({ method }) => (method === 'PATCH' ? { kind: 'unreachable' } : undefined));
    await world.exits.open({ employeeId: nora.employeeId });
    await untilStep(world, nora, 'block-access:payroll', 'done');
    await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).cancel();
    await untilStep(world, nora, 'block-access:code', 'skipped');
    await world.mend();
    await world.untilPhase(nora, 'cancelled');
  },
  async overdue(world, nora) {
    await begun(world, nora);
    await world.until(
      nora,
      'two escalations',
      ({ steps }) =>
        steps.find(({ name }) => name === 'escalate-decision')?.note?.startsWith('number 2') ?? false,
    );
    await decided(world, nora, leaving);
  },
  async 'interview-moved'(world, nora) {
    await begun(world, nora);
    await world.exits.reschedule(nora.employeeId, { next: true });
    await world.exits.reschedule(nora.employeeId, { at: inNineDays() });
    await decided(world, nora, retained);
  },
  async adopting(world, nora) {
    await begun(world, nora);
    await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).terminate();
    await begun(world, nora);
    await decided(world, nora, retained);
  },
  async cancelled(world, nora) {
    await begun(world, nora);
    await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).cancel();
    await world.untilPhase(nora, 'cancelled');
  },
};

const inNineDays = (): string => new Date(Date.now() + 9 * 24 * 60 * 60 * 1000).toISOString();

const untilStep = (world: World, nora: Hired, step: string, state: 'done' | 'skipped') =>
  world.until(nora, `${step} ${state}`, (status) => stateOf(status, step) === state);

async function begun(world: World, nora: Hired): Promise<void> {
  await world.exits.open({ employeeId: nora.employeeId });
  await world.untilPhase(nora, 'awaiting-decision');
}

async function decided(world: World, nora: Hired, decision: typeof retained | typeof leaving): Promise<void> {
  await world.exits.decide(nora.employeeId, decision);
  await world.untilPhase(nora, 'closed');
}

/** Stack traces and identities (`pid@host`, also in the names of sticky queues) tell of a machine; replay needs neither. */
function withoutMachine(json: string): string {
  const document: unknown = JSON.parse(
    json.replaceAll(`${process.pid}@${hostname()}`, 'recorder'),
    (key, value: unknown) => (key === 'stackTrace' ? undefined : value),
  );
  return `${JSON.stringify(document, null, 1)}\n`;
}

const world = await startWorld({
  config: [
    ['attentionAfter: PT15M', 'attentionAfter: PT5S'],
    ['initialInterval: PT1S, maximumInterval: PT1M', 'initialInterval: PT0.2S, maximumInterval: PT0.5S'],
    ['requestTimeout: PT10S', 'requestTimeout: PT2S'],
    ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT9S, PT10S]'],
    ['within: PT120H, escalateEvery: PT168H', 'within: PT11S, escalateEvery: PT1S'],
  ],
});
await mkdir(folder, { recursive: true });
const names = process.argv.slice(2);
for (const name of names) if (!paths[name]) throw new Error(`there is no path "${name}"`);
for (const [name, run] of Object.entries(paths)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const nora = await world.hire();
  await run(world, nora);
  await world.mend();
  const history = await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).fetchHistory();
  await writeFile(`${folder}/${name}.json`, withoutMachine(historyToJSON(history)));
  console.log(`${name}: ${history.events?.length} events`);
}
await world.stop();
await stopTemporal();
// The servers that tests share end with the process.
process.exit(0);
