/** From the resignation accepted to the block observed on all systems: one exit at a time, and at a modest load. */
import { setTimeout as pause } from 'node:timers/promises';
import { beginnings, resign, runToEnd, untilSeen, verifyAll, type Exit } from './exit.js';
import { markdown, median, quantile, show, spread, type Spread } from './figures.js';
import type { Form } from './form.js';
import type { Phase, World } from './phase.js';
import { interleaved } from './rounds.js';

export interface Series {
  exits: number;
  /** Until the engine has the resignation. */
  acceptMs: Spread;
  /** Over the rounds: their medians. */
  blockP50Ms: Spread;
  /** Over all exits of all rounds together: one round has too few for it. */
  blockP99Ms: number;
  /** All of the three services have done their part. */
  allP50Ms: Spread;
}
type Figures = Record<string, { alone: Series; load: Series }>;

export interface Timed {
  acceptMs: number;
  blockMs: number;
  allMs: number;
}

export const latency: Phase<Figures> = {
  name: 'latency',
  forms: 'all',
  minutes: ({ rounds, scale }) =>
    ((rounds + 1) * 4 * (scale.alone * 0.9 + scale.load / scale.perSecond + 3)) / 60,
  async measure(world) {
    const results = await interleaved(world.forms, world.roundsOf('latency'), async (form, isWarmUp) => ({
      alone: await alone(world, form, isWarmUp ? 2 : world.scale.alone),
      load: await underLoad(world, form, isWarmUp ? 2 * world.scale.perSecond : world.scale.load),
    }));
    return Object.fromEntries(
      [...results].map(([label, rounds]) => [
        label,
        { alone: series(rounds.map(({ alone }) => alone)), load: series(rounds.map(({ load }) => load)) },
      ]),
    );
  },
  page(figures, { scale }) {
    const table = (which: 'alone' | 'load') =>
      markdown(
        ['', 'accepted after, ms', 'block p50, ms', 'block p99, ms', 'all three services p50, ms', 'exits'],
        Object.entries(figures).map(([label, { [which]: of }]) => [
          label,
          show(of.acceptMs),
          show(of.blockP50Ms),
          of.blockP99Ms.toFixed(0),
          show(of.allP50Ms),
          String(of.exits),
        ]),
      );
    return `One exit at a time:\n\n${table('alone')}\n\nAt ${scale.perSecond} resignations a second:\n\n${table('load')}`;
  },
};

async function alone({ outside }: World, form: Form, count: number): Promise<Timed[]> {
  const timed: Timed[] = [];
  for (let i = 0; i < count; i += 1) {
    const exit = await resign(form);
    timed.push(await timesOf(outside, exit));
    await runToEnd(form, outside, exit);
    await verifyOnce(outside, form, [exit]);
  }
  return timed;
}

/** Resignations come when they come, whether or not the earlier ones are done (an open loop). */
export async function underLoad({ outside, scale }: World, form: Form, count: number): Promise<Timed[]> {
  const running: Promise<{ exit: Exit; times: Timed }>[] = [];
  const begin = Date.now();
  for (let i = 0; i < count; i += 1) {
    await pause(Math.max(0, begin + (i * 1000) / scale.perSecond - Date.now()));
    running.push(
      (async () => {
        const exit = await resign(form);
        const times = await timesOf(outside, exit);
        await runToEnd(form, outside, exit);
        return { exit, times };
      })(),
    );
  }
  const done = await Promise.all(running);
  await verifyOnce(
    outside,
    form,
    done.map(({ exit }) => exit),
  );
  return done.map(({ times }) => times);
}

async function timesOf(outside: World['outside'], exit: Exit): Promise<Timed> {
  const { askedMs, acceptedMs } = exit;
  const [blockedMs, allMs] = await Promise.all([
    untilSeen(outside, exit, ['blocked']),
    untilSeen(outside, exit, beginnings),
  ]);
  return { acceptMs: acceptedMs - askedMs, blockMs: blockedMs - acceptedMs, allMs: allMs - acceptedMs };
}

/** Nothing fails here, so that nothing is to be done twice. */
export async function verifyOnce(
  outside: World['outside'],
  form: Form,
  exits: readonly Exit[],
): Promise<void> {
  const { mails, writes } = await verifyAll(form, outside, exits);
  if (mails + writes > 0)
    throw new Error(
      `${form.label}: ${mails} mails and ${writes} writes came twice although nothing had failed`,
    );
}

export function series(rounds: Timed[][]): Series {
  const over = (of: (timed: Timed) => number): Spread => spread(rounds.map((round) => median(round.map(of))));
  const every = rounds.flat();
  return {
    exits: every.length,
    acceptMs: over(({ acceptMs }) => acceptMs),
    blockP50Ms: over(({ blockMs }) => blockMs),
    blockP99Ms: quantile(
      every.map(({ blockMs }) => blockMs),
      0.99,
    ),
    allP50Ms: over(({ allMs }) => allMs),
  };
}
