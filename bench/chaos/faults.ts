/** The faults of a chaos run: what happens to a process, to a wire, and to a mail. Each is over when its promise resolves. */
import { setTimeout as pause } from 'node:timers/promises';
import { descendantsOf } from '../../test/support/processes.js';
import type { Part } from '../compare/part.js';
import type { Chance } from './chance.js';
import { LAGGING, wireFaults, type Door, type WireFault } from './door.js';
import type { Rule } from './violation.js';
import type { World } from './world.js';

/** The grace period of the containers in docker-compose.yml. */
const GRACE_MS = 30_000;
const START_WITHIN_MS = 60_000;

/** One thing happens after the other in it. */
export interface Lane {
  chance: Chance;
  /** Counts a fault. */
  happened: (kind: string, target: string) => void;
  /** Something that EMS must never do. */
  violation: (rule: Rule, says: string) => void;
}

export const ways = ['kill', 'SIGTERM', 'pause'] as const;
export type Way = (typeof ways)[number];

/** One process ends or freezes, and comes back. */
export async function harmProcess(
  world: Pick<World, 'doors' | 'services'>,
  parts: readonly Part[],
  which: readonly Way[],
  { chance, happened, violation }: Lane,
): Promise<void> {
  const victim = chance.oneOf(parts);
  const way = chance.oneOf(which);
  const isOurs = world.services.includes(victim);
  // Some pauses outlast a lease, and another process takes over meanwhile.
  const isLong = isOurs && way === 'pause' && chance.isOneIn(3);
  const awayMs = isLong ? chance.between(11_000, 15_000) : chance.between(200, 5_000);
  if (!victim.isRunning()) return;
  happened(way, victim.name);
  if (way === 'pause') return frozen(victim, awayMs);
  const door = world.doors.get(victim.name);
  await door?.close();
  if (way === 'kill') await victim.kill();
  else {
    const how = await victim.stop(GRACE_MS);
    if (isOurs && how !== 'exit code 0')
      violation('every process ends on SIGTERM within its grace', `${victim.name} ended with ${how}`);
  }
  await pause(awayMs);
  await startAgain(victim, violation);
  door?.open();
}

async function frozen(victim: Part, awayMs: number): Promise<void> {
  const pids = [victim.pid(), ...descendantsOf(victim.pid())];
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of pids)
      try {
        process.kill(pid, name);
      } catch (error) {
        // It has ended by itself meanwhile, and its supervisor starts it again.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
  };
  signal('SIGSTOP');
  await pause(awayMs);
  signal('SIGCONT');
}

/** As a supervisor does: what does not start is started once more. */
async function startAgain(victim: Part, violation: Lane['violation']): Promise<void> {
  const giveUpAt = Date.now() + START_WITHIN_MS;
  for (;;) {
    try {
      return await victim.start();
    } catch (error) {
      if (Date.now() > giveUpAt) {
        violation('every process starts again', (error as Error).message);
        throw error;
      }
      await pause(1_000);
    }
  }
}

/** What goes over one wire is spoilt for a while. */
export async function harmWire<T>(
  { spoil }: { spoil: (fault: T | undefined) => void },
  faults: readonly T[],
  { chance }: Lane,
): Promise<void> {
  spoil(chance.oneOf(faults));
  await pause(chance.between(300, 3_000));
  spoil(undefined);
  // An attempt needs several requests in a row.
  await pause(chance.between(1_000, 5_000));
}

/** The critical systems also lag: EMS reads back what it wrote there. */
export const faultsAt = ({ name }: Door): readonly WireFault[] =>
  name === 'calendar' || name === 'directory' ? wireFaults : [...wireFaults, LAGGING];

export async function keepHarming(
  until: () => boolean,
  lane: Lane,
  harm: (lane: Lane) => Promise<void>,
): Promise<void> {
  while (!until()) {
    await harm(lane);
    await pause(lane.chance.between(200, 1_500));
  }
}
