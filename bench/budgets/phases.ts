/** What `npm run bench` measures, each phase with servers of its own. */
import { mkdir } from 'node:fs/promises';
import { burstPhase } from './burst-phase.js';
import { commandsPhase } from './commands-phase.js';
import { countsPhase } from './counts-phase.js';
import { parkedPhase } from './parked-phase.js';
import type { Phase } from './measured-phase.js';
import { ratesPhase } from './rates-phase.js';
import { systemsPhase } from './systems-phase.js';

const inFolder =
  (phase: Phase): Phase =>
  async (world) => {
    await mkdir(world.folder, { recursive: true });
    return phase(world);
  };

export const phases: Record<string, Phase> = Object.fromEntries(
  Object.entries({
    rates: ratesPhase,
    counts: countsPhase,
    systems: systemsPhase,
    burst: burstPhase,
    parked: parkedPhase,
    commands: commandsPhase,
  }).map(([name, phase]) => [name, inFolder(phase)]),
);
