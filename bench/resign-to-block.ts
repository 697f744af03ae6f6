/**
 * `npm run bench`: from `ems resign` to the block observed on all three systems, on the real stack, and where the time goes. Two
 * set-ups side by side in one run, in turn, since machines drift: one shared task queue, and a queue per service.
 *
 *   npm run bench -- [--rounds 20] [--json]
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { orchestratedExits } from '../src/temporal/orchestrated-exits.js';
import { table } from '../src/cli/output.js';
import { exitWorkflowId } from '../src/exit/ids.js';
import { startStack, type Stack } from '../src/local/stack.js';
import { payloadConverterPath } from '../src/temporal/namespace.js';

/** What lies between the command and the block, in the order in which it happens. */
const stages = [
  'the command, until Temporal has the exit',
  'first workflow task: the plan',
  'capture on the system that is last',
  'workflow task between',
  'block on the system that is last',
  'workflow task that records it',
] as const;
type Run = Record<(typeof stages)[number], number>;

const setUps = ['shared', 'per-service'] as const;
const employeeId = 'E-1004';
const ems = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const run = promisify(execFile);

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, json: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const folder = await mkdtemp(path.join(tmpdir(), 'ems-bench-'));
const progress = (line: string): void => console.error(line);

const stacks: Stack[] = [];
try {
  for (const taskQueues of setUps) stacks.push(await start(taskQueues));
  for (const stack of stacks) await resignAndRetain(stack);
  const runs: Run[][] = setUps.map(() => []);
  for (let round = 1; round <= rounds; round += 1) {
    for (const [i, stack] of stacks.entries()) runs[i]!.push(await resignAndRetain(stack));
    progress(`round ${round} of ${rounds}`);
  }
  print(runs);
} finally {
  for (const stack of stacks) await stack.stop();
  await rm(folder, { recursive: true, force: true });
}

async function start(taskQueues: (typeof setUps)[number]): Promise<Stack> {
  const configFile = path.join(folder, `${taskQueues}.yaml`);
  const sample = await readFile('ems.config.yaml', 'utf8');
  await writeFile(configFile, sample.replace('taskQueues: shared', `taskQueues: ${taskQueues}`));
  progress(`starting a stack with taskQueues: ${taskQueues}`);
  const home = path.join(folder, taskQueues);
  return startStack({ home, ports: 'free', configFile, report: () => undefined });
}

/** One exit, started by the command, blocked, retained and closed: the next one finds the same state. */
async function resignAndRetain(stack: Stack): Promise<Run> {
  const launchedMs = Date.now();
  await run(process.execPath, [ems, 'resign', employeeId], { env: { ...process.env, ...stack.env } });
  const connection = await Connection.connect({ address: stack.temporal.address });
  try {
    const client = new Client({ connection, dataConverter: { payloadConverterPath } });
    const exits = orchestratedExits(client);
    for await (const { phase } of exits.follow(employeeId, 1_000)) {
      if (phase === 'awaiting-decision')
        await exits.decide(employeeId, { outcome: 'retained', decidedBy: 'hr@acme.example' });
    }
    return await stagesOf(client, launchedMs);
  } finally {
    await connection.close();
  }
}

/** From the times of the history's events, along the system whose block was observed last. */
async function stagesOf(client: Client, launchedMs: number): Promise<Run> {
  const { events } = await client.workflow.getHandle(exitWorkflowId(employeeId)).fetchHistory();
  const timeOf = (event: { eventTime?: Parameters<typeof tsToMs>[0] } | undefined) =>
    tsToMs(event?.eventTime);
  const scheduled = (id: string) =>
    events!.find((event) => event.activityTaskScheduledEventAttributes?.activityId === id)!;
  const completed = (id: string) =>
    events!.find((event) =>
      event.activityTaskCompletedEventAttributes?.scheduledEventId?.eq(scheduled(id).eventId!),
    )!;
  const last = ['payroll', 'code', 'production'].toSorted(
    (a, b) => timeOf(completed(`block-access:${a}`)) - timeOf(completed(`block-access:${b}`)),
  )[2]!;
  const [capture, block] = [`capture-access:${last}`, `block-access:${last}`];
  const recorded = events!
    .slice(events!.indexOf(completed(block)))
    .find((event) => event.workflowTaskCompletedEventAttributes);
  const times = [
    launchedMs,
    timeOf(events![0]),
    timeOf(scheduled(capture)),
    timeOf(completed(capture)),
    timeOf(scheduled(block)),
    timeOf(completed(block)),
    timeOf(recorded),
  ];
  return Object.fromEntries(stages.map((stage, i) => [stage, times[i + 1]! - times[i]!])) as Run;
}

function print(runs: Run[][]): void {
  const total = (each: Run) => stages.reduce((sum, stage) => sum + each[stage], 0);
  const rows = [
    ...stages.map((stage) => ({
      what: stage as string,
      ms: runs.map((of) => median(of.map((r) => r[stage]))),
    })),
    {
      what: 'from the command to the block observed on all three',
      ms: runs.map((of) => median(of.map(total))),
    },
    {
      what: 'the same, from Temporal having the exit',
      ms: runs.map((of) => median(of.map((r) => total(r) - r[stages[0]]))),
    },
  ];
  if (values.json) {
    const medianMs = Object.fromEntries(
      rows.map(({ what, ms }) => [what, Object.fromEntries(setUps.map((setUp, i) => [setUp, ms[i]]))]),
    );
    console.log(JSON.stringify({ rounds, medianMs }, null, 2));
    return;
  }
  const cells = rows.map(({ what, ms }) => [what, ...ms.map((each) => each.toFixed(0).padStart(11))]);
  console.log(`Medians of ${rounds}, in milliseconds\n`);
  console.log(table([['', ...setUps.map((setUp) => setUp.padStart(11))], ...cells]));
}

function median(numbers: number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
