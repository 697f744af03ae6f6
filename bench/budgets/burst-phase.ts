/** Many resignations in the same moment: how long the blocks wait, against those of few under way. */
import { markdown, quantile } from '../compare/figures.js';
import type { Arm } from './arm.js';
import { startJetStreamArm } from './jetstream-arm.js';
import { watchOutside } from './outside-effects.js';
import type { Phase } from './measured-phase.js';
import { burstOf, rateOf } from './rate.js';
import { startTemporalArm } from './temporal-arm.js';

export const burstPhase: Phase = async ({ folder, scale, progress }) => {
  const { outside, effects } = await watchOutside(`${folder}/outside.log`);
  const on = { env: outside.env, effects };
  const arms: Arm[] = [];
  try {
    const rows: string[][] = [];
    for (const form of ['orchestrated', 'choreographed'] as const) {
      const at = { label: `${form}, burst`, folder, on };
      const arm = await (form === 'orchestrated'
        ? startTemporalArm({ ...at, workflow: 'exitEmployee' })
        : startJetStreamArm(at));
      arms.push(arm);
      const { blockMs } = await rateOf(arm, scale.inFlight, 2 * scale.windowMs);
      progress(`${form}: ${scale.burst} resignations at once`);
      const { exits, blockP50Ms, blockP99Ms } = await burstOf(arm, scale.burst);
      const usual = quantile(blockMs, 0.99);
      rows.push([
        form,
        ...[quantile(blockMs, 0.5), usual].map((ms) => ms.toFixed(0)),
        String(exits),
        ...[blockP50Ms, blockP99Ms].map((ms) => ms.toFixed(0)),
        (blockP99Ms / usual).toFixed(1),
      ]);
    }
    const header = [
      '',
      `p50 of ${scale.inFlight} under way, ms`,
      'p99, ms',
      'at once',
      'p50, ms',
      'p99, ms',
      'p99 over p99 (budget ≤ 3)',
    ];
    return { page: markdown(header, rows), rows };
  } finally {
    for (const arm of arms.toReversed()) await arm.stop();
    await outside.stop();
  }
};
