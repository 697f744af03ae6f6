/**
 * `npm run bench`: what an exit costs against the bare engines, all arms in turn in one run, and which budgets hold
 * (bench/results/budgets.md says how). Run it while nothing else runs: compare figures of one run only.
 *
 *   npm run bench -- [--only rates,counts,systems,burst,parked,commands] [--rounds 5] [--parked 1000] [--burst 1000] [--json] [--write FILE]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Scale, World } from './budgets/measured-phase.js';
import { phases } from './budgets/phases.js';
import { machine, writePlaces } from './compare/document.js';

const DOCUMENT = 'bench/results/budgets.md';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(phases).join(',') },
    rounds: { type: 'string', default: '5' },
    parked: { type: 'string', default: '1000' },
    burst: { type: 'string', default: '1000' },
    window: { type: 'string', default: '5000' },
    write: { type: 'string', default: DOCUMENT },
    json: { type: 'boolean', default: false },
  },
});
const scale: Scale = {
  ...{
    rounds: number('rounds'),
    parked: number('parked'),
    burst: number('burst'),
    windowMs: number('window'),
  },
  inFlight: 20,
};
const chosen = values.only.split(',').map((name) => {
  const phase = phases[name.trim()];
  if (!phase) throw new Error(`There is no phase "${name}": take some of ${Object.keys(phases).join(', ')}`);
  return [name.trim(), phase] as const;
});

const folder = await mkdtemp(path.join(tmpdir(), 'ems-bench-'));
const progress = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);
const figures: Record<string, unknown> = {};
const pages: string[] = [];
let failure: unknown;
try {
  const where = `${await machine()}; ${new Date().toISOString().slice(0, 10)}`;
  for (const [name, phase] of chosen) {
    progress(name);
    const world: World = { folder: path.join(folder, name), scale, progress };
    const { page, ...measured } = await phase(world);
    figures[name] = measured;
    pages.push(page);
    // Written now: a failure in a later phase does not lose this one.
    await writePlaces(values.write, new Map([[name, `${page}\n\n_${scale.rounds} rounds. ${where}._`]]));
  }
  console.log(values.json ? JSON.stringify({ where, scale, figures }, null, 2) : pages.join('\n\n'));
  await rm(folder, { recursive: true, force: true });
} catch (error) {
  failure = error;
  console.error(error);
  console.error(`What was measured before this stands. The logs of all processes: ${folder}`);
}
// By its exit code: connections to servers that are gone would keep the process.
process.exit(failure ? 1 : 0);

function number(name: 'rounds' | 'parked' | 'burst' | 'window'): number {
  const value = Number(values[name]);
  if (!(value >= 1)) throw new Error(`--${name} must be a number from 1, not "${values[name]}"`);
  return value;
}
