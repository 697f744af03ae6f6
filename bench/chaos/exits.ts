/** The exits of a chaos run: they are opened at a steady rate, decided early or late, and an operator retries what needs attention. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Decision } from '../../src/exit/decision.js';
import { isStuck, type ExitStatus } from '../../src/exit/status.js';
import type { Form } from '../compare/form.js';
import type { Act } from './accounts.js';
import type { Chance } from './chance.js';
import { systems } from './company.js';
import { Away } from './door.js';
import type { World } from './world.js';

const HR = 'hr@acme.example';
const IT = 'it@acme.example';
const RETRY_EVERY_MS = 10_000;
/** A person reads why a decision was not accepted before they repeat it. */
const REPEAT_AFTER_MS = 2_000;

export interface ChaosExit {
  employeeId: string;
  exitId: string;
  outcome: 'retained' | 'leaving';
  openedMs: number;
  /** When the decision was first asked for. */
  askedMs?: number;
  /** When its acceptance was heard. */
  acceptedMs?: number;
}

/** Opens an exit, and decides it early or late. */
export async function runExit(
  form: Form,
  employeeId: string,
  chance: Chance,
  acceptWithinMs: number,
  opened: (exit: ChaosExit) => void,
): Promise<void> {
  const outcome = chance.oneOf(['retained', 'leaving'] as const);
  const isEarly = chance.isOneIn(3);
  const laterMs = isEarly ? chance.between(0, 1_500) : chance.between(4_000, 20_000);
  const { exitId, acceptedMs: openedMs } = await form.resign(employeeId);
  const exit: ChaosExit = { employeeId, exitId, outcome, openedMs };
  opened(exit);
  await pause(laterMs);
  exit.askedMs = Date.now();
  await decide(form, exit, acceptWithinMs);
  exit.acceptedMs = Date.now();
}

/** Repeats the decision until it is accepted, as a person would while a worker or the engine is away. */
async function decide(form: Form, { employeeId, outcome }: ChaosExit, withinMs: number): Promise<void> {
  const decision: Decision = { outcome, decidedBy: HR };
  const giveUpAt = Date.now() + withinMs;
  for (;;)
    try {
      await form.exits.decide(employeeId, decision);
      return;
    } catch (error) {
      // An earlier try was accepted, and its answer was lost. The exit may have closed since.
      if (await isDecided(form, employeeId)) return;
      if (Date.now() > giveUpAt) throw error;
      await pause(REPEAT_AFTER_MS);
    }
}

const isDecided = async (form: Form, employeeId: string): Promise<boolean> => {
  const status = await form.exits.status(employeeId).catch(() => undefined);
  return status?.decision !== undefined;
};

/** An administrator changes an account of an open hold. */
export async function administrate(
  { accounts, form, doors }: World,
  exits: readonly ChaosExit[],
  chance: Chance,
): Promise<boolean> {
  const system = chance.oneOf(systems);
  const act = chance.oneOf<Act>([
    { add: 'spare' },
    ...(system === 'production' ? [{ remove: 'readers' }, { active: false }] : [{ active: true }]),
  ]);
  const open = exits.filter(({ acceptedMs }) => acceptedMs === undefined || acceptedMs > Date.now() - 3_000);
  if (open.length === 0) return false;
  const { employeeId, exitId } = chance.oneOf(open);
  const status = await form.exits.status(employeeId, exitId).catch(() => undefined);
  const step = status?.steps.find((each) => each.name === 'block-access' && each.system === system);
  // Before the block is observed, it would be unclear whose change it is; EMS then asks a person.
  if (step?.state !== 'done') return false;
  try {
    await doors.get(system)!.through(() => accounts.act(system, employeeId, act));
    return true;
  } catch (error) {
    if (error instanceof Away) return false;
    throw error;
  }
}

export interface Ended {
  exit: ChaosExit;
  status: ExitStatus | undefined;
  /** Why there is no status: EMS does not know the exit, or cannot be asked for it. */
  problem?: string | undefined;
}

/**
 * Waits until every exit is closed, and retries what needs attention meanwhile, as an operator does.
 * @returns how each one stands at the end
 */
export async function untilOver(form: Form, exits: readonly ChaosExit[], withinMs: number): Promise<Ended[]> {
  const giveUpAt = Date.now() + withinMs;
  const retriedAt = new Map<string, number>();
  const ended = new Map<string, Ended>();
  for (;;) {
    for (const exit of exits) {
      if (ended.get(exit.exitId)?.status?.phase === 'closed') continue;
      const { status, problem } = await form.exits.status(exit.employeeId, exit.exitId).then(
        (status) => ({ status, problem: undefined }),
        (error: Error) => ({ status: undefined, problem: error.message }),
      );
      ended.set(exit.exitId, { exit, status, problem });
      for (const { name, system } of status?.steps.filter(isStuck) ?? []) {
        const key = `${exit.exitId} ${name} ${system}`;
        if (Date.now() < (retriedAt.get(key) ?? 0) + RETRY_EVERY_MS) continue;
        retriedAt.set(key, Date.now());
        const retry = { step: name, system, action: 'retry', by: IT } as const;
        // It may be over by now, or the engine busy: the next round looks again.
        await form.exits.resolve(exit.employeeId, retry, exit.exitId).catch(() => undefined);
      }
    }
    const open = [...ended.values()].filter(({ status }) => status?.phase !== 'closed');
    if (open.length === 0 || Date.now() > giveUpAt) return [...ended.values()];
    await pause(1_000);
  }
}
