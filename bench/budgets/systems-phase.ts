/** What a further critical system costs: exits on one, three and ten, with services that do nothing. */
import { interleaved } from '../compare/rounds.js';
import { markdown, median, show, spread } from '../compare/figures.js';
import { systemsOf, type Arm } from './arm.js';
import { startJetStreamArm } from './jetstream-arm.js';
import type { Phase } from './measured-phase.js';
import { rateOf, type Rate } from './rate.js';
import { startTemporalArm } from './temporal-arm.js';

const counts = [1, 3, 10];

export const systemsPhase: Phase = async ({ folder, scale, progress }) => {
  const { rounds, inFlight, windowMs } = scale;
  const arms: Arm[] = [];
  try {
    for (const count of counts) {
      const on = systemsOf(count);
      const label = `orchestrated, ${count}`;
      arms.push(await startTemporalArm({ label, folder, workflow: 'exitEmployee', on }));
      arms.push(await startJetStreamArm({ label: `choreographed, ${count}`, folder, on }));
    }
    const results = await interleaved(arms, { rounds, what: 'systems', progress }, (arm) =>
      rateOf(arm, inFlight, windowMs),
    );
    const cpuOf = ({ engineMs, workerMs }: Rate) => engineMs + workerMs;
    const rows = [...results].map(([label, rates]) => [
      label,
      show(spread(rates.map(({ perSecond }) => perSecond)), 1),
      show(spread(rates.map(cpuOf))),
    ]);
    const slope = (form: string): number => {
      const [few, many] = [counts[0]!, counts.at(-1)!].map((count) => results.get(`${form}, ${count}`)!);
      return median(many!.map((rate, i) => (cpuOf(rate) - cpuOf(few![i]!)) / (counts.at(-1)! - counts[0]!)));
    };
    const slopes = { orchestrated: slope('orchestrated'), choreographed: slope('choreographed') };
    const page = [
      markdown(['systems', 'exits/s', 'CPU, ms an exit'], rows),
      `A further system costs ${slopes.orchestrated.toFixed(1)} ms of CPU (orchestrated; budget ≤ 10) and ${slopes.choreographed.toFixed(1)} ms (choreographed).`,
    ].join('\n\n');
    return { page, slopes, rates: Object.fromEntries(results) };
  } finally {
    for (const arm of arms.toReversed()) await arm.stop();
  }
};
