/** One run of one form: exits are opened and decided while faults happen; then the faults stop, everything has its time, and the judge looks. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Kind } from '../compare/form.js';
import { chanceOf } from './chance.js';
import { employeeOf } from './company.js';
import { engineFaults } from './engine-wire.js';
import { administrate, runExit, untilOver, type ChaosExit } from './exits.js';
import { mailFaults } from './mailbox.js';
import { mistakeEnv, mistakes } from './mistakes.js';
import { faultsAt, harmProcess, harmWire, keepHarming, ways, type Lane } from './faults.js';
import { judge, type Verdict } from './judge.js';
import type { Violation } from './violation.js';
import { REQUEST_TIMEOUT_MS, startWorld } from './world.js';

/** The longest lease, attempts that back off, and a quota that is asked again after 20 s. */
const OVER_WITHIN_MS = 240_000;

export interface CampaignOptions {
  kind: Kind;
  seed: number;
  exits: number;
  minutes: number;
  folder: string;
  mistake?: string | undefined;
  /** How long exits may take after the last fault. */
  overWithinMs?: number;
  progress: (line: string) => void;
}

export interface Run extends Verdict {
  form: Kind;
  seed: number;
  exits: number;
  decisions: { retained: number; leaving: number };
  /** By kind and target: `kill access`, `500 payroll`; a wire's fault counts once for each request that it spoilt. */
  faults: Record<string, number>;
  /** Changes that another administrator made during a hold. */
  administrated: number;
  seconds: number;
}

export async function campaign(options: CampaignOptions): Promise<Run> {
  const { kind, seed, minutes, folder, mistake, overWithinMs = OVER_WITHIN_MS, progress } = options;
  const { services: which = ways, wires, mails = mailFaults } = (mistake && mistakes[mistake]) || {};
  const startedMs = Date.now();
  const faults: Record<string, number> = {};
  const violations: Violation[] = [];
  const happened = (fault: string, target: string): void => {
    const key = `${fault} ${target}`;
    faults[key] = (faults[key] ?? 0) + 1;
  };
  const count = (): number => Object.values(faults).reduce((sum, each) => sum + each, 0);
  const employees = Array.from({ length: options.exits }, (_, i) => employeeOf(i + 1));
  const env = mistake === undefined ? {} : mistakeEnv(mistake);
  const world = await startWorld({ kind, folder, employees, seed, spoilt: happened, env });
  try {
    const exits: ChaosExit[] = [];
    let administrated = 0;
    const endAt = Date.now() + minutes * 60_000;
    const isOver = (): boolean => Date.now() >= endAt;
    /** Its choices are repeated by the seed, whatever the others do. */
    const lane = (name: string, harm: (lane: Lane) => Promise<void>): Promise<void> =>
      keepHarming(isOver, { chance: chanceOf(seed, name), happened, violation }, harm);
    const violation: Lane['violation'] = (rule, says) => void violations.push({ rule, says });
    const running = employees.map(async (employeeId, i) => {
      await pause((i * minutes * 60_000) / employees.length);
      await runExit(world.form, employeeId, chanceOf(seed, employeeId), overWithinMs, (exit) =>
        exits.push(exit),
      ).catch((error: Error) =>
        violations.push({
          rule: 'nothing is stuck in silence',
          employeeId,
          says: `no resignation or decision is accepted: ${error.message}`,
        }),
      );
    });
    const telling = setInterval(() => {
      const decided = exits.filter(({ acceptedMs }) => acceptedMs !== undefined).length;
      progress(`${kind}: ${exits.length} exits, ${decided} decided, ${count()} faults`);
    }, 10_000);
    await Promise.all([
      lane('services', (of) => harmProcess(world, world.services, which, of)),
      lane('servers', (of) => harmProcess(world, world.servers, ways, of)),
      lane('wire to the engine', (of) => harmWire(world.engineWire, engineFaults, of)),
      lane('mail', (of) => harmWire(world.mailbox, mails, of)),
      ...[...world.doors.values()].map((door) =>
        lane(door.name, (of) => harmWire(door, wires ?? faultsAt(door), of)),
      ),
      lane('administrator', async ({ chance }) => {
        if (await administrate(world, exits, chance)) administrated += 1;
      }),
    ]);
    progress(`${kind}: the faults have stopped; ${exits.length} exits get their time`);
    await Promise.all(running);
    const ended = await untilOver(world.form, exits, overWithinMs);
    clearInterval(telling);
    // A request that was given up may land as late as this.
    await pause(2 * REQUEST_TIMEOUT_MS);
    progress(`${kind}: the judge looks`);
    const verdict = await judge(world, ended);
    const decided = (wanted: ChaosExit['outcome']): number =>
      exits.filter(({ outcome, acceptedMs }) => acceptedMs !== undefined && outcome === wanted).length;
    return {
      ...{ form: kind, seed, exits: exits.length, faults, administrated },
      decisions: { retained: decided('retained'), leaving: decided('leaving') },
      ...verdict,
      violations: [...violations, ...verdict.violations],
      seconds: Math.round((Date.now() - startedMs) / 1000),
    };
  } finally {
    await world.stop();
  }
}
