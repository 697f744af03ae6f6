/** Exits per second with a fixed number under way, how long their blocks take, and the CPU time of each. */
import { setTimeout as pause } from 'node:timers/promises';
import { quantile } from '../compare/figures.js';
import { cpuMsOf, memoryMbOf } from '../compare/processes.js';
import { nextEmployee, type Arm } from './arm.js';
import { beginningsOn, blocksOn, endingsOn } from './effects.js';

export interface Rate {
  perSecond: number;
  blockMs: number[];
  engineMs: number;
  workerMs: number;
}

/** From the resignation to the last effect of the decision. @returns how long the block took, from the acceptance, in milliseconds */
export async function runToEnd(arm: Arm): Promise<number> {
  const { systems, effects } = arm;
  const employeeId = nextEmployee();
  await arm.open(employeeId);
  const openedMs = Date.now();
  await effects.until(employeeId, beginningsOn(systems));
  const blockedMs = await effects.until(employeeId, blocksOn(systems));
  await arm.retain(employeeId);
  await effects.until(employeeId, endingsOn(systems));
  return Math.max(0, blockedMs - openedMs);
}

/**
 * The loop is closed: an exit begins when another one is done, so that the backlog cannot grow. It is measured for `windowMs`, and for as
 * long as twice the exits under way take.
 */
export async function rateOf(arm: Arm, inFlight: number, windowMs: number): Promise<Rate> {
  const blockMs: number[] = [];
  const over = new AbortController();
  let onDone: () => void = () => undefined;
  const busy = Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (!over.signal.aborted) {
        blockMs.push(await runToEnd(arm));
        onDone();
      }
    }),
  );
  const done = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onDone = () => blockMs.length >= count && resolve();
    });
  const used = () => ({ engine: cpuMsOf(arm.pids.engine), worker: cpuMsOf(arm.pids.worker) });
  // A failure ends the round at once.
  await Promise.race([done(inFlight), busy]);
  const before = { count: blockMs.length, atMs: performance.now(), used: used() };
  await Promise.race([Promise.all([done(before.count + 2 * inFlight), pause(windowMs)]), busy]);
  const count = blockMs.length - before.count;
  const tookMs = performance.now() - before.atMs;
  const after = used();
  over.abort();
  await busy;
  return {
    perSecond: (1000 * count) / tookMs,
    blockMs: blockMs.slice(before.count),
    engineMs: (after.engine - before.used.engine) / count,
    workerMs: (after.worker - before.used.worker) / count,
  };
}

export interface Burst {
  exits: number;
  blockP50Ms: number;
  blockP99Ms: number;
}

/** All resignations at once, as fast as the engine takes them; each block counts from its acceptance. */
export async function burstOf(arm: Arm, exits: number): Promise<Burst> {
  const blockMs = await Promise.all(
    Array.from({ length: exits }, async () => {
      const employeeId = nextEmployee();
      await arm.open(employeeId);
      const openedMs = Date.now();
      return Math.max(0, (await arm.effects.until(employeeId, blocksOn(arm.systems))) - openedMs);
    }),
  );
  return { exits, blockP50Ms: quantile(blockMs, 0.5), blockP99Ms: quantile(blockMs, 0.99) };
}

export interface Parked {
  exits: number;
  /** Of the worker, before and while they wait for the decision. */
  beforeMb: number;
  parkedMb: number;
  /** Until all of them are decided and over. */
  decidedMs: number;
}

/** So many exits wait for a decision at once; then all are decided. At most `atOnce` are on their way. */
export async function parkedOf(arm: Arm, exits: number, atOnce: number): Promise<Parked> {
  const beforeMb = memoryMbOf(arm.pids.worker);
  const employees = Array.from({ length: exits }, nextEmployee);
  await inTurn(employees, atOnce, async (employeeId) => {
    await arm.open(employeeId);
    await arm.effects.until(employeeId, beginningsOn(arm.systems));
  });
  const parkedMb = memoryMbOf(arm.pids.worker);
  const decidingMs = performance.now();
  await inTurn(employees, atOnce, async (employeeId) => {
    await arm.retain(employeeId);
    await arm.effects.until(employeeId, endingsOn(arm.systems));
  });
  return { exits, beforeMb, parkedMb, decidedMs: performance.now() - decidingMs };
}

async function inTurn<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
