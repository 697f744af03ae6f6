/**
 * One service is down for a while, and exits come all the same: whose work waits besides its own, what is lost, what is done twice.
 * Both forms go through it at the same time, each on its own engine, since nearly all of it is waiting.
 */
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
import { markdown, median, show, spread, type Spread } from './figures.js';
import type { Form } from './form.js';
import type { Phase, World } from './phase.js';

interface Outage {
  form: string;
  down: string;
  /** Effects of the resignations that came meanwhile: how many waited until the service was back. */
  waited: Partial<Record<Effect, string>>;
  /** The same of two decisions that came meanwhile, on exits that were open before. */
  decisionsWaited: Partial<Record<Effect, string>>;
  /** Of what did not wait: how long it took, before and meanwhile. */
  usualMs: number;
  meanwhileMs: Spread | undefined;
  /** From starting the service until everything that had waited was done. */
  caughtUpMs: number;
  exits: number;
  lost: number;
  twice: Repeated;
}
type Figures = Outage[];

const services = ['notification', 'hr', 'access', 'exit'] as const;

export const outage: Phase<Figures> = {
  name: 'outage',
  forms: 'split',
  minutes: ({ scale }) => (services.length * (scale.outageMs / 1000 + 20)) / 60,
  async measure(world) {
    const figures: Figures = [];
    for (const service of world.isQuick ? services.slice(1, 2) : services) {
      world.progress(`outage: ${service} is down for ${world.scale.outageMs / 1000} s`);
      // The worker that runs the workflow has no counterpart.
      const forms = world.forms.filter(({ parts }) => parts.some(({ name }) => name === service));
      figures.push(...(await Promise.all(forms.map((form) => goThrough(world, form, service)))));
    }
    return figures.toSorted((a, b) => a.form.localeCompare(b.form));
  },
  page: (figures, { scale }) =>
    `Down for ${scale.outageMs / 1000} s, ${figures[0]!.exits} exits each:\n\n${markdown(
      [
        'form',
        'down',
        'resignations: waited for it',
        'decisions: waited for it',
        'what did not wait, ms: before',
        'meanwhile',
        'caught up after, s',
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
        of.meanwhileMs ? show(of.meanwhileMs) : 'all waited',
        (of.caughtUpMs / 1000).toFixed(1),
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
const listed = (waited: Outage['waited']): string =>
  Object.entries(waited)
    .map(([effect, count]) => `${words[effect as Effect]} ${count}`)
    .join(', ') || 'nothing';

async function goThrough({ outside, scale }: World, form: Form, service: string): Promise<Outage> {
  const part = form.part(service);
  const before = await openSome(outside, form, 4);
  const usualMs = median(before.flatMap((exit) => times(exit, beginnings)));
  function times(exit: Exit, effects: readonly Effect[]): number[] {
    return effects.flatMap((effect) => (seenAt(outside, exit, effect) ?? NaN) - exit.acceptedMs);
  }

  await part.stop();
  const downMs = Date.now();
  const meanwhile: Exit[] = [];
  const halfway = scale.duringOutage / 2;
  let deciding: Promise<unknown> = Promise.resolve();
  for (let i = 0; i < scale.duringOutage; i += 1) {
    // The decision of an exit that is open: nobody waits here for it to be taken.
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
  const onTime = meanwhile.flatMap((exit) =>
    times(exit, beginnings).filter((ms) => exit.acceptedMs + ms < upMs),
  );

  await Promise.all(meanwhile.map((exit) => decide(form, exit)));
  lost += await countLost(outside, meanwhile, endingsOf);
  const exits = [...before, ...meanwhile];
  return {
    form: form.label,
    down: service,
    waited: waitedOf(meanwhile, () => beginnings),
    decisionsWaited: waitedOf(before, endingsOf),
    usualMs,
    meanwhileMs: onTime.length > 0 ? spread(onTime) : undefined,
    caughtUpMs: caughtUpAt - upMs,
    exits: exits.length,
    lost,
    twice: await verifyAll(form, outside, exits),
  };

  function waitedOf(exits: Exit[], effectsOf: (exit: Exit) => readonly Effect[]): Outage['waited'] {
    const waited: Outage['waited'] = {};
    for (const effect of Object.keys(serviceOf) as Effect[]) {
      const asked = exits.filter((exit) => effectsOf(exit).includes(effect));
      const late = asked.filter((exit) => seenAt(outside, exit, effect)! >= upMs);
      if (late.length > 0) waited[effect] = `${late.length} of ${asked.length}`;
    }
    return waited;
  }
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
