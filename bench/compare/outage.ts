/**
 * One service is down for a while, and exits go on: which other work waits, what is lost, and what is done twice. Each form and each
 * service has its own engine. All run at the same time, since most of it is waiting.
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  beginnings,
  countLost,
  decide,
  endingsOf,
  resign,
  seenAt,
  serviceOf,
  untilSeen,
  verifyAll,
  type Effect,
  type Exit,
  type Repeated,
} from './exit.js';
import { markdown, median, seconds, show, spread, type Spread } from './figures.js';
import { kinds, startForm, type Form } from './form.js';
import type { Phase, World } from './phase.js';

/** How many of an effect waited until the service was back. */
type Waited = Partial<Record<Effect, { late: number; of: number }>>;

/** One outage of one service. */
interface Trial {
  /** Of the resignations that came meanwhile. */
  waited: Waited;
  /** Of the decisions that came meanwhile, on exits that were open before. */
  decisionsWaited: Waited;
  /** How long each effect of a resignation took, before and meanwhile; of the latter those that did not wait. */
  usualMs: number[];
  meanwhileMs: number[];
  /** From starting the service until everything that had waited was done. */
  caughtUpMs: number;
  exits: number;
  lost: number;
  twice: Repeated;
}
interface Outage {
  form: string;
  down: string;
  waited: Waited;
  decisionsWaited: Waited;
  usualMs: number;
  meanwhileMs: number | undefined;
  caughtUpMs: Spread;
  exits: number;
  lost: number;
  twice: Repeated;
}
type Figures = Outage[];

const services = ['notification', 'hr', 'access', 'exit'] as const;

export const outage: Phase<Figures> = {
  name: 'outage',
  forms: 'none',
  minutes: ({ rounds, scale }) => (rounds * (scale.outageMs / 1000 + 10)) / 60 + 0.5,
  async measure(world) {
    const down = world.isQuick ? services.slice(1, 2) : services;
    const figures = await Promise.all(down.map((service) => ofService(world, service)));
    return figures.flat().toSorted((a, b) => a.form.localeCompare(b.form));
  },
  page: (figures, { scale }) =>
    `Down for ${scale.outageMs / 1000} s each time:\n\n${markdown(
      [
        'form',
        'down',
        'resignations: waited for it',
        'decisions: waited for it',
        'what did not wait, ms: before',
        'meanwhile',
        'caught up after, s',
        'exits',
        'lost',
        'mail twice',
        'writes twice',
      ],
      figures.map((of) => [
        of.form,
        of.down,
        listed(of.waited),
        listed(of.decisionsWaited),
        of.usualMs.toFixed(0),
        of.meanwhileMs?.toFixed(0) ?? 'all waited',
        show(seconds(of.caughtUpMs), 1),
        String(of.exits),
        String(of.lost),
        String(of.twice.mails),
        String(of.twice.writes),
      ]),
    )}`,
};

const words: Record<Effect, string> = {
  ...{ blocked: 'block', told: 'manager told', invited: 'interview' },
  ...{ ended: 'access given back or revoked', outcomeTold: 'outcome told', withdrawn: 'interview withdrawn' },
};
const listed = (waited: Waited): string =>
  Object.entries(waited)
    .map(([effect, { late, of }]) => `${words[effect as Effect]} ${late} of ${of}`)
    .join(', ') || 'nothing';

/** On engines of their own, so that all services can be down at the same time without meeting. */
async function ofService(world: World, service: (typeof services)[number]): Promise<Outage[]> {
  const started: Form[] = [];
  try {
    // The worker that runs the workflow has no counterpart.
    for (const kind of service === 'exit' ? (['orchestrated'] as const) : kinds)
      started.push(
        await startForm({
          ...{ kind, layout: 'split', folder: path.join(world.folder, `outage-${service}`) },
          outside: world.outside.env,
        }),
      );
    const trials = new Map<Form, Trial[]>(started.map((form) => [form, []]));
    for (let round = 1; round <= world.rounds; round += 1) {
      const seconds = world.scale.outageMs / 1000;
      world.progress(`outage: ${service} is down for ${seconds} s, round ${round} of ${world.rounds}`);
      await Promise.all(
        started.map(async (form) => trials.get(form)!.push(await goThrough(world, form, service))),
      );
    }
    return [...trials].map(([form, of]) => summary(form, service, of));
  } finally {
    for (const form of started) await form.stop();
  }
}

async function goThrough({ outside, scale }: World, form: Form, service: string): Promise<Trial> {
  const part = form.part(service);
  const before = await openSome(outside, form, 4);
  const usualMs = before.flatMap((exit) => times(exit, beginnings));
  function times(exit: Exit, effects: readonly Effect[]): number[] {
    return effects.flatMap((effect) => (seenAt(outside, exit, effect) ?? NaN) - exit.acceptedMs);
  }

  await part.stop();
  const downMs = Date.now();
  const meanwhile: Exit[] = [];
  const halfway = scale.duringOutage / 2;
  let deciding: Promise<unknown> = Promise.resolve();
  for (let i = 0; i < scale.duringOutage; i += 1) {
    // The decision on an exit that is open: the loop does not wait until it is accepted.
    if (i === Math.floor(halfway)) deciding = Promise.all(before.map((exit) => decide(form, exit)));
    meanwhile.push(await resign(form));
    await pause(Math.max(0, downMs + ((i + 1) * scale.outageMs) / scale.duringOutage - Date.now()));
  }
  const upMs = Date.now();
  await part.start();

  let lost = await countLost(outside, meanwhile, () => beginnings);
  await deciding;
  lost += await countLost(outside, before, endingsOf);
  const seen = (exits: Exit[], effectsOf: (exit: Exit) => readonly Effect[]): number[] =>
    exits.flatMap((exit) => effectsOf(exit).flatMap((effect) => seenAt(outside, exit, effect) ?? []));
  const caughtUpAt = Math.max(...seen(meanwhile, () => beginnings), ...seen(before, endingsOf));
  const meanwhileMs = meanwhile.flatMap((exit) =>
    times(exit, beginnings).filter((ms) => exit.acceptedMs + ms < upMs),
  );

  await Promise.all(meanwhile.map((exit) => decide(form, exit)));
  lost += await countLost(outside, meanwhile, endingsOf);
  const exits = [...before, ...meanwhile];
  return {
    waited: waitedOf(meanwhile, () => beginnings),
    decisionsWaited: waitedOf(before, endingsOf),
    usualMs,
    meanwhileMs,
    caughtUpMs: caughtUpAt - upMs,
    exits: exits.length,
    lost,
    twice: await verifyAll(form, outside, exits),
  };

  function waitedOf(exits: Exit[], effectsOf: (exit: Exit) => readonly Effect[]): Waited {
    const waited: Waited = {};
    for (const effect of Object.keys(serviceOf) as Effect[]) {
      const asked = exits.filter((exit) => effectsOf(exit).includes(effect));
      const late = asked.filter((exit) => seenAt(outside, exit, effect)! >= upMs);
      waited[effect] = { late: late.length, of: asked.length };
    }
    return waited;
  }
}

function summary({ label }: Form, down: string, trials: readonly Trial[]): Outage {
  const sum = (of: (trial: Trial) => number): number => trials.reduce((total, trial) => total + of(trial), 0);
  const meanwhileMs = trials.flatMap((trial) => trial.meanwhileMs);
  const waitedIn = (of: (trial: Trial) => Waited): Waited =>
    Object.fromEntries(
      (Object.keys(serviceOf) as Effect[]).flatMap((effect) => {
        const counted = {
          late: sum((trial) => of(trial)[effect]!.late),
          of: sum((trial) => of(trial)[effect]!.of),
        };
        return counted.late > 0 ? [[effect, counted]] : [];
      }),
    );
  return {
    ...{ form: label, down },
    waited: waitedIn((trial) => trial.waited),
    decisionsWaited: waitedIn((trial) => trial.decisionsWaited),
    usualMs: median(trials.flatMap((trial) => trial.usualMs)),
    meanwhileMs: meanwhileMs.length > 0 ? median(meanwhileMs) : undefined,
    caughtUpMs: spread(trials.map((trial) => trial.caughtUpMs)),
    exits: sum((trial) => trial.exits),
    lost: sum((trial) => trial.lost),
    twice: { mails: sum(({ twice }) => twice.mails), writes: sum(({ twice }) => twice.writes) },
  };
}

async function openSome(outside: World['outside'], form: Form, count: number): Promise<Exit[]> {
  const exits: Exit[] = [];
  for (let i = 0; i < count; i += 1) {
    const exit = await resign(form);
    await untilSeen(outside, exit, beginnings);
    exits.push(exit);
  }
  return exits;
}
