/**
 * `npm run demo`: the whole stack on free ports in a temporary folder, one exit that ends *retained* and one *leaving*, and a verdict
 * that is read back from the servers: mail and invitations from the inbox, access from the critical systems.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { orchestratedExits, type Exits } from '../client/orchestrated.js';
import type { Outcome } from '../exit/decision.js';
import { isSettled, stepKey, type ExitStatus } from '../exit/status.js';
import { payloadConverterPath } from '../temporal.js';
import { readAccess, readMail, verdictOf, type Check } from './demo-checks.js';
import { startStack, type Stack } from './stack.js';

const HR = 'hr@acme.example';

/** Who leaves and who stays: both have what makes a hold interesting (company.ts). */
const cast: { employeeId: string; outcome: Outcome }[] = [
  { employeeId: 'E-1004', outcome: 'retained' },
  { employeeId: 'E-1006', outcome: 'leaving' },
];

process.exitCode = (await demo()) ? 0 : 1;

async function demo(): Promise<boolean> {
  const home = await mkdtemp(path.join(tmpdir(), 'ems-demo-'));
  console.log('Starting Temporal, an inbox, a directory, three critical systems and the workers …');
  const stack = await startStack({ home, ports: 'free', report: (line) => console.log(`  ${line}`) });
  const stopOnInterrupt = () => void stack.stop().finally(() => process.exit(130));
  process.once('SIGINT', stopOnInterrupt);
  try {
    const connection = await Connection.connect({ address: stack.temporal.address });
    const exits = orchestratedExits(new Client({ connection, dataConverter: { payloadConverterPath } }));
    const checks: Check[] = [];
    for (const { employeeId, outcome } of cast)
      checks.push(...(await play(stack, exits, employeeId, outcome)));
    await connection.close();
    return report(checks);
  } finally {
    process.off('SIGINT', stopOnInterrupt);
    await stack.stop();
    await rm(home, { recursive: true, force: true });
  }
}

/** One exit, from the resignation to the close, and what the servers say about it. */
async function play(stack: Stack, exits: Exits, employeeId: string, outcome: Outcome): Promise<Check[]> {
  console.log(
    `\n${employeeId} resigns, and in the end is ${outcome === 'retained' ? 'retained' : 'leaving'}. Times are from the resignation.`,
  );
  const before = await readAccess(stack, employeeId);
  const resigned = Date.now();
  await exits.open({ employeeId, reason: 'demo' });
  let decidedAt: number | undefined;
  let during: Awaited<ReturnType<typeof readAccess>> | undefined;
  let last: ExitStatus | undefined;
  const shown = new Set<string>();
  for await (const status of exits.follow(employeeId, 1_000)) {
    showSteps(status, resigned, shown);
    last = status;
    if (status.phase !== 'awaiting-decision' || decidedAt !== undefined) continue;
    if (!status.blockedAt) throw new Error(`Nothing is blocked: ${JSON.stringify(status.steps)}`);
    during = await readAccess(stack, employeeId);
    decidedAt = Date.now();
    show(decidedAt - resigned, 'decision', `${outcome}, by ${HR}`);
    await exits.decide(employeeId, { outcome, decidedBy: HR });
  }
  const after = await readAccess(stack, employeeId);
  const mail = await readMail(stack, last!.exitId);
  return verdictOf({ employeeId, outcome, before, during: during!, after, mail, status: last! });
}

function showSteps({ steps, closedAt, phase }: ExitStatus, since: number, shown: Set<string>): void {
  const finished = steps.filter((step) => isSettled(step) && !shown.has(stepKey(step)));
  for (const step of finished.toSorted((a, b) => a.finishedAt!.localeCompare(b.finishedAt!))) {
    shown.add(stepKey(step));
    show(
      Date.parse(step.finishedAt!) - since,
      stepKey(step),
      [step.state, step.note].filter(Boolean).join(': '),
    );
  }
  if (!closedAt || shown.has(phase)) return;
  shown.add(phase);
  show(Date.parse(closedAt) - since, phase, '');
}

function show(ms: number, what: string, remark: string): void {
  console.log(`  ${`${ms} ms`.padStart(9)}  ${what.padEnd(28)} ${remark}`.trimEnd());
}

function report(checks: readonly Check[]): boolean {
  console.log('\nRead back from the servers:');
  for (const { holds, what } of checks) console.log(`  ${holds ? '✔' : '✘ NOT SO:'} ${what}`);
  const failed = checks.filter(({ holds }) => !holds).length;
  console.log(
    failed === 0
      ? `\nAll ${checks.length} checks hold.`
      : `\n${failed} of ${checks.length} checks do not hold.`,
  );
  return failed === 0;
}
