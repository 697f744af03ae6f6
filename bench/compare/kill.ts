/**
 * kill -9 of each process in turn, in the middle of exits. It starts again a second later, as under a supervisor: how long until work
 * goes on, what is lost, what is done twice. Both forms run at the same time, each on its own engine.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  beginnings,
  countLost,
  decide,
  endingsOf,
  resign,
  seenAt,
  verifyAll,
  type Effect,
  type Exit,
  type Repeated,
} from './exit.js';
import { markdown, seconds, show, spread, type Spread } from './figures.js';
import { ENGINE, type Form } from './form.js';
import type { Phase, World } from './phase.js';

const RESTART_AFTER_MS = 1_000;
/** The processes of a split form; `none` is the same without a kill. */
const victims = ['none', ENGINE, 'notification', 'hr', 'access', 'exit'] as const;

interface Trial {
  /** From the kill until every exit that was under way had its block, its mail and its interview. */
  underWayMs: number;
  /** From the kill until an exit that was handed in right after it was blocked on all systems. */
  newcomerMs: number;
  /** Effects that never came. */
  lost: number;
  twice: Repeated;
  exits: number;
}
interface Killed {
  form: string;
  killed: string;
  underWayMs: Spread;
  newcomerMs: Spread;
  exits: number;
  lost: number;
  twice: Repeated;
}
type Figures = Killed[];

export const kill: Phase<Figures> = {
  name: 'kill',
  forms: 'split',
  // Ten seconds a victim, and a minute each for the two whose lease is longer, since they send mail.
  minutes: ({ rounds }) => (rounds * (4 * 11 + 2 * 60)) / 60,
  async measure(world) {
    const trials = new Map<string, { form: Form; victim: string; trials: Trial[] }>();
    for (let round = 1; round <= world.rounds; round += 1) {
      for (const victim of world.isQuick ? victims.slice(0, 2) : victims) {
        world.progress(`kill -9: ${victim}, round ${round} of ${world.rounds}`);
        const forms = world.forms.filter(
          ({ parts }) => victim === 'none' || parts.some(({ name }) => name === victim),
        );
        await Promise.all(
          forms.map(async (form) => {
            const key = `${form.label} ${victim}`;
            const of = trials.get(key) ?? { form, victim, trials: [] };
            trials.set(key, of);
            of.trials.push(await goThrough(world, form, victim, round));
          }),
        );
      }
    }
    return [...trials.values()].map(summary).toSorted((a, b) => a.form.localeCompare(b.form));
  },
  page: (figures) =>
    markdown(
      [
        'form',
        'killed',
        'exits under way go on, s',
        'a new exit is blocked, s',
        'exits',
        'lost',
        'mail twice',
        'writes twice',
      ],
      figures.map((of) => [
        of.form,
        of.killed,
        show(seconds(of.underWayMs), 1),
        show(seconds(of.newcomerMs), 1),
        String(of.exits),
        String(of.lost),
        String(of.twice.mails),
        String(of.twice.writes),
      ]),
    ),
};

async function goThrough(
  { outside, scale }: World,
  form: Form,
  victim: string,
  round: number,
): Promise<Trial> {
  const opened: Exit[] = [];
  const opening = Array.from({ length: scale.atKill }, async (_, i) => {
    await pause(i * 40);
    opened.push(await resign(form));
  });
  await outside.until(
    `${victim} to be at work (${form.label})`,
    () => opened.some((exit) => isAtWork(outside, exit, victim)) || undefined,
    30_000,
  );
  // Another moment each round.
  await pause(20 * (round - 1));
  const killedMs = Date.now();
  const part = victim === 'none' ? undefined : form.part(victim);
  await part?.kill();
  const newcomer = resign(form);
  if (part) await Promise.all([pause(RESTART_AFTER_MS).then(() => part.start()), newcomer]);

  await Promise.all(opening);
  const exits = [...opened, await newcomer];
  let lost = await countLost(outside, exits, () => beginnings);
  const last = (of: readonly Exit[], effects: readonly Effect[]): number =>
    Math.max(...of.flatMap((exit) => effects.flatMap((effect) => seenAt(outside, exit, effect) ?? [])));
  await Promise.all(exits.map((exit) => decide(form, exit)));
  lost += await countLost(outside, exits, endingsOf);
  return {
    underWayMs: last(opened, beginnings) - killedMs,
    newcomerMs: last(exits.slice(-1), ['blocked']) - killedMs,
    lost,
    twice: await verifyAll(form, outside, exits),
    exits: exits.length,
  };
}

/** Whether the world outside has seen an effect of this process: others of its kind are under way then. */
function isAtWork(outside: World['outside'], { employeeId, exitId }: Exit, victim: string): boolean {
  const writes = outside.writesOf(employeeId).length;
  const mails = outside.mailsOf(exitId).map(({ messageId }) => messageId.split('.')[1]);
  if (victim === 'access') return writes > 0;
  if (victim === 'notification') return mails.includes('notify-manager');
  if (victim === 'hr') return mails.includes('interview');
  return writes + mails.length > 0;
}

const summary = ({ form, victim, trials }: { form: Form; victim: string; trials: Trial[] }): Killed => ({
  form: form.label,
  killed: victim,
  underWayMs: spread(trials.map(({ underWayMs }) => underWayMs)),
  newcomerMs: spread(trials.map(({ newcomerMs }) => newcomerMs)),
  exits: trials.reduce((sum, { exits }) => sum + exits, 0),
  lost: trials.reduce((sum, { lost }) => sum + lost, 0),
  twice: {
    mails: trials.reduce((sum, { twice }) => sum + twice.mails, 0),
    writes: trials.reduce((sum, { twice }) => sum + twice.writes, 0),
  },
});
