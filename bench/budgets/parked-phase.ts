/** What an exit that waits for its decision holds of the worker's memory, and whether a worker carries many. */
import { markdown } from '../compare/figures.js';
import { systemsOf, type Arm } from './arm.js';
import { startJetStreamArm } from './jetstream-arm.js';
import type { Phase } from './measured-phase.js';
import { parkedOf } from './rate.js';
import { startTemporalArm } from './temporal-arm.js';

export const parkedPhase: Phase = async ({ folder, scale, progress }) => {
  const on = systemsOf(3);
  const arms: (() => Promise<Arm>)[] = [
    () => startTemporalArm({ label: 'orchestrated', folder, workflow: 'exitEmployee', on }),
    () => startTemporalArm({ label: 'bare workflow', folder, workflow: 'bareExit', on }),
    () => startJetStreamArm({ label: 'choreographed', folder, on }),
  ];
  const rows: string[][] = [];
  for (const start of arms) {
    const arm = await start();
    try {
      progress(`${arm.label}: ${scale.parked} exits wait for their decision`);
      const { exits, beforeMb, parkedMb, decidedMs } = await parkedOf(arm, scale.parked, scale.inFlight);
      rows.push([
        arm.label,
        String(exits),
        parkedMb.toFixed(0),
        ((parkedMb - beforeMb) / exits).toFixed(2),
        ((1000 * exits) / decidedMs).toFixed(1),
      ]);
    } finally {
      await arm.stop();
    }
  }
  const header = [
    '',
    'parked',
    'worker or services, MB',
    'MB an exit (budget ≤ 0.4)',
    'decided and over, a second',
  ];
  return { page: markdown(header, rows), rows };
};
