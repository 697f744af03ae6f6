/** A table of exits: how long each block takes beside that of a single exit, and how long the whole table does. */
import { loadConfig } from '../../src/config/config.js';
import { applicationOf } from '../../src/client/application.js';
import { all, openRows, readTable } from '../../src/client/bulk.js';
import { nextEmployee, runToEnd, untilSeen, type Exit } from './exit.js';
import { markdown, median, quantile, seconds, show, spread, type Spread } from './figures.js';
import type { Form } from './form.js';
import { verifyOnce } from './latency.js';
import type { Phase, World } from './phase.js';
import { interleaved } from './rounds.js';

interface Series {
  /** Over the rounds: their medians. */
  blockP50Ms: Spread;
  /** Over all exits of all rounds. */
  blockP99Ms: number;
  /** From the first row to the last result. */
  openedMs: Spread;
  /** From the first row to the last block. */
  blockedMs: Spread;
  exits: number;
}
type Figures = Record<string, { alone: Series; table: Series }>;

interface Timed {
  blocksMs: number[];
  openedMs: number;
  blockedMs: number;
}

const ALONE = 5;

export const table: Phase<Figures> = {
  name: 'table',
  forms: 'split',
  minutes: ({ rounds, scale }) => ((rounds + 1) * 2 * (scale.rows * 0.7 + ALONE * 3)) / 60,
  async measure(world) {
    const results = await interleaved(world.forms, world.roundsOf('table'), async (form) => {
      const alone: Timed[] = [];
      for (let i = 0; i < ALONE; i += 1) alone.push(await opened(world, form, 1));
      return { alone, table: [await opened(world, form, world.scale.rows)] };
    });
    return Object.fromEntries(
      [...results].map(([label, rounds]) => [
        label,
        { alone: series(rounds.map(({ alone }) => alone)), table: series(rounds.map((each) => each.table)) },
      ]),
    );
  },
  page: (figures, { scale }) =>
    markdown(
      ['', 'block p50, ms', 'block p99, ms', 'all rows opened after, s', 'all blocked after, s', 'exits'],
      Object.entries(figures).flatMap(([label, { alone, table }]) => [
        row(`${label}: one exit`, alone),
        row(`${label}: ${scale.rows} rows`, table),
      ]),
    ),
};

const row = (label: string, of: Series): string[] => [
  ...[label, show(of.blockP50Ms), of.blockP99Ms.toFixed(0)],
  ...[show(seconds(of.openedMs), 1), show(seconds(of.blockedMs), 1), String(of.exits)],
];

/** Opens a table of so many rows, and follows each exit to its end. */
async function opened({ outside }: World, form: Form, count: number): Promise<Timed> {
  const config = loadConfig(form.env);
  const application = applicationOf({ [form.kind]: () => Promise.resolve(form.exits) }, () => config);
  const csv = ['employeeId', ...Array.from({ length: count }, nextEmployee)].join('\n');
  const begin = Date.now();
  const results = await all(
    openRows(application, readTable(csv, form.kind), { submittedBy: 'bench@acme.example' }),
  );
  const openedMs = Date.now() - begin;
  const times = await Promise.all(
    results.map(async ({ employeeId, exitId, state, message }) => {
      if (exitId === undefined) throw new Error(`${form.label}: ${employeeId} is ${state}: ${message}`);
      const askedMs = Date.parse((await form.exits.status(employeeId)).openedAt);
      const exit: Exit = { employeeId, exitId, outcome: 'leaving', askedMs, acceptedMs: askedMs };
      return { exit, blockedMs: await untilSeen(outside, exit, ['blocked']) };
    }),
  );
  const exits = times.map(({ exit }) => exit);
  await Promise.all(exits.map((exit) => runToEnd(form, outside, exit)));
  await verifyOnce(outside, form, exits);
  return {
    blocksMs: times.map(({ exit, blockedMs }) => blockedMs - exit.acceptedMs),
    openedMs,
    blockedMs: Math.max(...times.map(({ blockedMs }) => blockedMs)) - begin,
  };
}

function series(rounds: Timed[][]): Series {
  const over = (of: (timed: Timed) => number): Spread => spread(rounds.map((round) => median(round.map(of))));
  const every = rounds.flat().flatMap(({ blocksMs }) => blocksMs);
  return {
    blockP50Ms: over(({ blocksMs }) => median(blocksMs)),
    blockP99Ms: quantile(every, 0.99),
    openedMs: over((timed) => timed.openedMs),
    blockedMs: over((timed) => timed.blockedMs),
    exits: every.length,
  };
}
