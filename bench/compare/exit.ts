/** One exit as the world outside sees it: what is expected of it, when each of it was seen, and whether it ended right. */
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { Refusal } from '../../src/exit/refusal.js';
import type { Outcome as AnyOutcome } from '../../src/exit/decision.js';
import { untilOf } from '../../test/support/until.js';
import type { Accepted, Form } from './form.js';
import type { Outside } from './outside.js';

type Outcome = Extract<AnyOutcome, 'retained' | 'leaving'>;

const HR = 'hr@acme.example';
const PATIENCE_MS = 120_000;

/** What the three services do because of a resignation, and what they do because of the decision. */
export const beginnings = ['blocked', 'told', 'invited'] as const;
const endings = ['ended', 'outcomeTold', 'withdrawn'] as const;
export type Effect = (typeof beginnings)[number] | (typeof endings)[number];

/** Whose work an effect is. */
export const serviceOf: Record<Effect, string> = {
  ...{ blocked: 'access', told: 'notification', invited: 'hr' },
  ...{ ended: 'access', outcomeTold: 'notification', withdrawn: 'hr' },
};

/** What is written at the systems, by the outcome: this and nothing else. */
const block = ['payroll -active', 'code -active', 'production -production-operators'];
const endingOf: Record<Outcome, string[]> = {
  retained: ['payroll +active', 'code +active', 'production +production-operators'],
  leaving: ['payroll -clerks', 'code -developers', 'production -active', 'production -readers'],
};
const rightEnd: Record<Outcome, Record<string, { active: boolean; groups: string[] }>> = {
  retained: {
    payroll: { active: true, groups: ['clerks'] },
    code: { active: true, groups: ['developers'] },
    production: { active: true, groups: ['production-operators', 'readers'] },
  },
  leaving: {
    payroll: { active: false, groups: [] },
    code: { active: false, groups: [] },
    production: { active: false, groups: [] },
  },
};

/** By Message-ID: how many different ones. */
const mails: Partial<Record<Effect, [what: string, count: number]>> = {
  told: ['notify-manager', 1],
  invited: ['interview', 2],
  outcomeTold: ['notify-manager-of-outcome', 1],
  withdrawn: ['interview-cancelled', 2],
};

export interface Exit extends Accepted {
  employeeId: string;
  outcome: Outcome;
  decidedMs?: number;
}

/** What was seen twice of exits that ended right. */
export interface Repeated {
  mails: number;
  writes: number;
}

let employees = 0;

/** A new employee for each exit. */
export const nextEmployee = (): string => `C-${++employees}`;

const outcomes = new WeakMap<Form, Outcome>();

/** Retained and leaving in turn, in each form. */
export async function resign(form: Form, employeeId = nextEmployee()): Promise<Exit> {
  const outcome = outcomes.get(form) === 'retained' ? 'leaving' : 'retained';
  outcomes.set(form, outcome);
  return { employeeId, outcome, ...(await form.resign(employeeId)) };
}

/** When the last part of an effect was seen for the first time; undefined while something of it is missing. */
export function seenAt(
  outside: Outside,
  { employeeId, exitId, outcome }: Exit,
  effect: Effect,
): number | undefined {
  const mail = mails[effect];
  const firsts = mail ? firstMails(outside, exitId, mail[0]) : firstWrites(outside, employeeId);
  const wanted = mail ? mail[1] : effect === 'blocked' ? block : endingOf[outcome];
  if (typeof wanted === 'number') return firsts.size >= wanted ? Math.max(...firsts.values()) : undefined;
  const times = wanted.map((what) => firsts.get(what));
  return times.every((at) => at !== undefined) ? Math.max(...times) : undefined;
}

function firstMails(outside: Outside, exitId: string, what: string): Map<string, number> {
  const found = outside.mailsOf(exitId).filter(({ messageId }) => messageId.split('.')[1] === what);
  return new Map(found.toReversed().map(({ messageId, atMs }) => [messageId, atMs]));
}

function firstWrites(outside: Outside, employeeId: string): Map<string, number> {
  const writes = outside.writesOf(employeeId).toReversed();
  return new Map(writes.map(({ system, what, atMs }) => [`${system} ${what}`, atMs]));
}

export const endingsOf = ({ outcome }: Pick<Exit, 'outcome'>): Effect[] =>
  outcome === 'retained' ? [...endings] : ['ended', 'outcomeTold'];

/** @returns when the last of these effects was seen */
export function untilSeen(
  outside: Outside,
  exit: Exit,
  effects: readonly Effect[],
  withinMs = PATIENCE_MS,
): Promise<number> {
  const look = () => {
    const times = effects.map((effect) => seenAt(outside, exit, effect));
    return times.every((at) => at !== undefined) ? Math.max(...times) : undefined;
  };
  return outside.until(`${exit.employeeId} to be ${effects.join(', ')}`, look, withinMs);
}

/** Waits for these effects of all the exits. @returns how many never came */
export async function countLost(
  outside: Outside,
  exits: readonly Exit[],
  effectsOf: (exit: Exit) => readonly Effect[],
): Promise<number> {
  await Promise.allSettled(exits.map((exit) => untilSeen(outside, exit, effectsOf(exit))));
  return exits.flatMap((exit) =>
    effectsOf(exit).filter((effect) => seenAt(outside, exit, effect) === undefined),
  ).length;
}

/** Repeats the decision until it is accepted, as a person would while a worker or the engine is away. */
export async function decide(form: Form, exit: Exit): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await form.exits.decide(exit.employeeId, { outcome: exit.outcome, decidedBy: HR });
      break;
    } catch (error) {
      const isTaken = error instanceof Refusal && /has already decided/.test(error.message);
      if (isTaken) break;
      if (Date.now() > giveUpAt) throw error;
      await pause(100);
    }
  }
  exit.decidedMs = Date.now();
}

/** From the resignation to the last effect of the decision, which waits for all three services. */
export async function runToEnd(form: Form, outside: Outside, exit: Exit): Promise<Exit> {
  await untilSeen(outside, exit, beginnings);
  await decide(form, exit);
  await untilSeen(outside, exit, endingsOf(exit));
  return exit;
}

/**
 * Checks what an exit has done at the systems and in the mail, and that the form knows it as closed.
 * @throws Error where it ended wrongly: such a run is no measurement
 */
export async function verify(form: Form, outside: Outside, exit: Exit): Promise<Repeated> {
  const { employeeId, exitId, outcome } = exit;
  const wrong = (what: string): Error =>
    new Error(`${form.label}: the exit of ${employeeId} ended wrongly: ${what}`);
  const until = untilOf(form.exits);
  const status = await until(exit, 'to be closed', ({ phase }) => phase === 'closed');
  if (status.needsAttention) throw wrong(`it needs attention: ${JSON.stringify(status.steps)}`);
  const writes = outside.writesOf(employeeId);
  for (const [system, right] of Object.entries(rightEnd[outcome])) {
    const last = writes.findLast((write) => write.system === system)?.state;
    const state = last && { active: last.active, groups: last.groups.toSorted() };
    if (!isDeepStrictEqual(state, right))
      throw wrong(`${outcome}, and on ${system} ${JSON.stringify(state)}`);
  }
  const expected = [...block, ...endingOf[outcome]];
  const strange = writes.find(({ system, what }) => !expected.includes(`${system} ${what}`));
  if (strange) throw wrong(`${strange.what} on ${strange.system}, which is no part of the exit`);
  const sent = outside.mailsOf(exitId);
  return {
    mails: sent.length - new Set(sent.map(({ messageId }) => messageId)).size,
    writes: writes.length - expected.length,
  };
}

export async function verifyAll(form: Form, outside: Outside, exits: readonly Exit[]): Promise<Repeated> {
  const sum: Repeated = { mails: 0, writes: 0 };
  for (const exit of exits) {
    const { mails, writes } = await verify(form, outside, exit);
    sum.mails += mails;
    sum.writes += writes;
  }
  return sum;
}
