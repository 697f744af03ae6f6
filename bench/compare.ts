/**
 * `npm run compare`: the same exits through both forms, with equal durability, on this machine; writes the tables of
 * bench/results/compare.md, which says what is measured and how. Run it while nothing else runs.
 *
 *   npm run compare -- [--only latency,kill] [--rounds 5] [--outage 60] [--json] [--quick] [--write FILE]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { diagnosis } from './compare/diagnosis.js';
import { machine, writePlaces } from './compare/document.js';
import { footprint } from './compare/footprint.js';
import { kinds, startForm, type Form, type Layout } from './compare/form.js';
import { kill } from './compare/kill.js';
import { latency } from './compare/latency.js';
import { outage } from './compare/outage.js';
import { startOutside } from './compare/outside.js';
import type { Phase, Scale, World } from './compare/phase.js';
import { subscribers } from './compare/subscribers.js';
import { table } from './compare/table.js';
import { throughput } from './compare/throughput.js';

const DOCUMENT = 'bench/results/compare.md';
// The footprint comes first: a process grows while it runs.
const phases = [
  footprint,
  latency,
  table,
  throughput,
  subscribers,
  outage,
  kill,
  diagnosis,
] as Phase<unknown>[];

const full: Scale = {
  ...{ alone: 6, rows: 60, load: 30, perSecond: 3, inFlight: 16, windowMs: 4_000 },
  ...{ outageMs: 60_000, duringOutage: 6, atKill: 6, restMs: 10_000, asks: 3 },
};
const least: Scale = {
  ...{ alone: 1, rows: 3, load: 2, perSecond: 2, inFlight: 2, windowMs: 6_000 },
  ...{ outageMs: 2_000, duringOutage: 2, atKill: 2, restMs: 1_000, asks: 1 },
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string' },
    outage: { type: 'string' },
    write: { type: 'string' },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
});
const isQuick = values.quick;
const rounds = atLeastOne('rounds', values.rounds ?? (isQuick ? '1' : '5'));
const scale = isQuick ? least : full;
if (values.outage !== undefined) scale.outageMs = 1000 * atLeastOne('outage', values.outage);
const chosen = choose(values.only);
const document = values.write ?? (isQuick ? undefined : DOCUMENT);
const progress = (line: string): void => console.error(`${new Date().toISOString().slice(11, 19)}  ${line}`);

const minutes = chosen.reduce((sum, phase) => sum + phase.minutes({ rounds, scale }), 0.5);
const howLong = isQuick ? 'about a minute' : `about ${Math.ceil(minutes)} minutes`;
progress(`${chosen.map(({ name }) => name).join(', ')}: ${howLong} on an idle machine`);

const folder = await mkdtemp(path.join(tmpdir(), 'ems-compare-'));
const stops: (() => Promise<void>)[] = [];
const failure = await compare().then(
  () => undefined,
  (error: Error) => error,
);
for (const stop of stops.toReversed()) await stop();
if (failure) {
  console.error(failure);
  console.error(`What was measured before this stands. The logs of all processes: ${folder}`);
} else await rm(folder, { recursive: true, force: true });
// By its exit code: connections to servers that are gone would keep the process.
process.exit(failure ? 1 : 0);

async function compare(): Promise<void> {
  const outside = await startOutside(path.join(folder, 'outside.log'));
  stops.push(outside.stop);
  const started: Form[] = [];
  for (const layout of layouts())
    for (const kind of kinds) {
      progress(`starting: ${kind}, ${layout}`);
      const form = await startForm({ kind, layout, folder, outside: outside.env });
      stops.push(form.stop);
      started.push(form);
    }

  const figures: Record<string, unknown> = {};
  const places = new Map<string, string>();
  const where = `${await machine()}; ${new Date().toISOString().slice(0, 10)}`;
  for (const phase of chosen) {
    const forms = phase.forms === 'split' ? started.filter(({ layout }) => layout === 'split') : started;
    const roundsOf = (what: string) => ({ rounds, what, progress });
    const world: World = { folder, outside, forms, rounds, scale, isQuick, progress, roundsOf };
    figures[phase.name] = await phase.measure(world);
    const how = isQuick ? `A quick run, which shows that it works and nothing else` : `${rounds} rounds`;
    places.set(phase.name, `${phase.page(figures[phase.name], { rounds, scale })}\n\n_${how}. ${where}._`);
    // Written now: a failure in a later phase does not lose this one.
    if (document !== undefined) await writePlaces(document, new Map([[phase.name, places.get(phase.name)!]]));
  }
  if (values.json) console.log(JSON.stringify({ where, rounds, isQuick, scale, figures }, null, 2));
  else console.log([...places.values()].join('\n\n'));
}

function layouts(): Layout[] {
  if (chosen.every(({ forms }) => forms === 'none')) return [];
  return chosen.some(({ forms }) => forms === 'all') && !isQuick ? ['split', 'together'] : ['split'];
}

function choose(only: string | undefined): Phase<unknown>[] {
  if (only === undefined) return phases;
  return only.split(',').map((name) => {
    const phase = phases.find((each) => each.name === name.trim());
    if (!phase)
      fail(`There is no phase "${name}": take some of ${phases.map(({ name }) => name).join(', ')}`);
    return phase;
  });
}

function atLeastOne(name: string, text: string): number {
  const number = Number(text);
  if (!(number >= 1)) fail(`--${name} must be a number from 1, not "${text}"`);
  return number;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
