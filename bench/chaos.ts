/**
 * `npm run chaos`: harm to the real stack, and a judge outside. Exits are opened and decided while processes are killed, restarted and
 * paused, and requests and mails are spoilt. Exits 1 where a promise was broken: docs/operate.md.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { campaign, type Run } from './chaos/campaign.js';
import { mistakes } from './chaos/mistakes.js';
import { kinds, type Kind } from './compare/form.js';

const number = (least: number) => (text: string) => {
  const value = Number(text);
  if (!(value >= least)) throw new InvalidArgumentError(`It must be a number from ${least}.`);
  return value;
};

interface Options {
  form: Kind | 'both';
  exits: number;
  minutes: number;
  seed: number;
  mistake?: string;
  json?: boolean;
}
const options = new Command('npm run chaos --')
  .description(
    'Harms the real stack while exits are open, and judges from outside whether EMS kept its promises.',
  )
  .addOption(new Option('--form <form>', 'of the exits').choices([...kinds, 'both']).default('both'))
  .option('--exits <number>', 'how many exits, in each form', number(1), 20)
  .option('--minutes <number>', 'how long faults happen, in each form', number(0.1), 2)
  .option('--seed <number>', 'repeats the faults of an earlier run', number(0), Date.now() % 1_000_000)
  .addOption(
    new Option('--mistake <name>', 'a deliberate mistake, which the judge has to find').choices(
      Object.keys(mistakes),
    ),
  )
  .option('--json', 'print one JSON document')
  .addHelpText('after', '\nExample:\n  npm run chaos -- --form choreographed --exits 100 --minutes 10')
  .parse()
  .opts<Options>();

const progress = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
const folder = await mkdtemp(path.join(tmpdir(), 'ems-chaos-'));
const { form, seed, exits, minutes, mistake } = options;
progress(`seed ${seed}; the logs of all processes: ${folder}`);
const runs: Run[] = [];
for (const kind of form === 'both' ? kinds : [form])
  runs.push(
    await campaign({ kind, seed, exits, minutes, mistake, folder: path.join(folder, kind), progress }),
  );

const isBroken = runs.some(({ violations }) => violations.length > 0);
if (options.json) console.log(JSON.stringify({ runs }, null, 2));
else for (const run of runs) console.log(pageOf(run));
if (isBroken) console.error(`The logs are kept: ${folder}`);
else await rm(folder, { recursive: true, force: true });
// By its exit code: connections to servers that are gone would keep the process.
process.exit(isBroken ? 1 : 0);

function pageOf({ faults, decisions, violations, attention, ...run }: Run): string {
  const sum = Object.values(faults).reduce((total, each) => total + each, 0);
  return [
    `${run.form}, seed ${run.seed}: ${run.exits} exits, ${decisions.retained} retained, ${decisions.leaving} leaving, ${run.mails} mails, ${run.administrated} changes by an administrator, ${run.seconds} s`,
    `  ${sum} faults:`,
    ...Object.entries(faults)
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([fault, times]) => `    ${String(times).padStart(5)}  ${fault}`),
    `  ${attention.length} steps wait for a person`,
    ...attention.map(({ employeeId, step, error }) => `    ${employeeId} ${step}: ${error}`),
    `  ${violations.length} violations`,
    ...violations.map(
      ({ rule, employeeId = '', exitId = '', says }) => `    ${rule}: ${employeeId} ${exitId} ${says}`,
    ),
  ].join('\n');
}
