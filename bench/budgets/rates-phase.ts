/** Exits per second of each form and of the engine under it, in turn, and the ratios between them. */
import { interleaved } from '../compare/rounds.js';
import { markdown, median, quantile, show, spread } from '../compare/figures.js';
import { systemsOf, type Arm } from './arm.js';
import { startJetStreamArm } from './jetstream-arm.js';
import { watchOutside } from './outside-effects.js';
import type { Phase } from './measured-phase.js';
import { rateOf, type Rate } from './rate.js';
import { recordWritesAnExit } from './record-writes.js';
import { startTemporalArm } from './temporal-arm.js';

const budgets = [
  { of: 'orchestrated, no-op, 1 system', over: 'bare workflow, no-op, 1 system', budget: 0.9 },
  { of: 'orchestrated, no-op, 3 systems', over: 'bare workflow, no-op, 3 systems', budget: 0.9 },
  { of: 'orchestrated, our services', over: 'bare workflow, our services', budget: 0.9 },
  { of: 'choreographed, no-op, 3 systems', over: 'bare JetStream, as many writes', budget: 0.6 },
  { of: 'choreographed, our services', over: 'orchestrated, our services', budget: undefined },
];

export const ratesPhase: Phase = async ({ folder, scale, progress }) => {
  const { rounds, inFlight, windowMs } = scale;
  const arms: Arm[] = [];
  const { outside, effects } = await watchOutside(`${folder}/outside.log`);
  const world = { env: outside.env, effects };
  try {
    const started = async (arm: Promise<Arm>): Promise<Arm> => {
      arms.push(await arm);
      progress(`started: ${arms.at(-1)!.label}`);
      return arms.at(-1)!;
    };
    for (const [workflow, name] of [
      ['exitEmployee', 'orchestrated'],
      ['bareExit', 'bare workflow'],
    ] as const) {
      for (const count of [1, 3]) {
        const label = `${name}, no-op, ${count} system${count === 1 ? '' : 's'}`;
        await started(startTemporalArm({ label, folder, workflow, on: systemsOf(count) }));
      }
      await started(startTemporalArm({ label: `${name}, our services`, folder, workflow, on: world }));
    }
    const label = 'choreographed, no-op, 3 systems';
    const noOp = await started(startJetStreamArm({ label, folder, on: systemsOf(3) }));
    await started(startJetStreamArm({ label: 'choreographed, our services', folder, on: world }));
    const bareWrites = await recordWritesAnExit(noOp);
    const bare = { label: 'bare JetStream, as many writes', folder, on: systemsOf(3), bareWrites };
    await started(startJetStreamArm(bare));

    const results = await interleaved(arms, { rounds, what: 'rates', progress }, (arm, isWarmUp) =>
      rateOf(arm, inFlight, isWarmUp ? 0 : windowMs),
    );
    return { page: pageOf(results, bareWrites, inFlight), bareWrites, rates: Object.fromEntries(results) };
  } finally {
    for (const arm of arms.toReversed()) await arm.stop();
    await outside.stop();
  }
};

function pageOf(results: ReadonlyMap<string, Rate[]>, bareWrites: number, inFlight: number): string {
  const rows = [...results].map(([label, rates]) => {
    const over = (of: (rate: Rate) => number) => spread(rates.map(of));
    const blockMs = rates.flatMap((rate) => rate.blockMs);
    return [
      label,
      show(
        over(({ perSecond }) => perSecond),
        1,
      ),
      quantile(blockMs, 0.5).toFixed(0),
      quantile(blockMs, 0.99).toFixed(0),
      show(over(({ engineMs }) => engineMs)),
      show(over(({ workerMs }) => workerMs)),
    ];
  });
  const ratios = budgets.map(({ of, over, budget }) => {
    // Of one round each, since machines drift.
    const pairs = results.get(of)!.map((rate, i) => rate.perSecond / results.get(over)![i]!.perSecond);
    return [
      of,
      over,
      show(spread(pairs), 2),
      budget === undefined ? '' : `≥ ${budget}`,
      verdict(median(pairs), budget),
    ];
  });
  return [
    `${inFlight} exits under way at any time:`,
    markdown(
      [
        '',
        'exits/s',
        'block p50, ms',
        'block p99, ms',
        'CPU of the engine, ms an exit',
        'of the worker or services',
      ],
      rows,
    ),
    `Ratios of exits per second (bare JetStream makes ${bareWrites.toFixed(1)} record writes an exit, as the choreographed form does):`,
    markdown(['', 'over', 'ratio', 'budget', 'holds'], ratios),
  ].join('\n\n');
}

const verdict = (ratio: number, budget: number | undefined): string =>
  budget === undefined ? '' : ratio >= budget ? 'yes' : 'no';
