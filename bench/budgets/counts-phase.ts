/** What is counted rather than timed: requests, connections, events and durable writes of one exit. */
import { markdown } from '../compare/figures.js';
import { nextEmployee, systemsOf, type Arm } from './arm.js';
import { beginningsOn, endingsOn } from './effects.js';
import { startJetStreamArm } from './jetstream-arm.js';
import { watchOutside } from './outside-effects.js';
import type { Phase } from './measured-phase.js';
import { rateOf, runToEnd } from './rate.js';
import { EXITS_COUNTED, writesAnExit } from './record-writes.js';
import { startTemporalArm } from './temporal-arm.js';

export const countsPhase: Phase = async ({ folder, scale, progress }) => {
  const { outside, effects } = await watchOutside(`${folder}/outside.log`);
  const world = { env: outside.env, effects };
  const arms: Arm[] = [];
  const started = async (arm: Promise<Arm>): Promise<Arm> => {
    arms.push(await arm);
    progress(`started: ${arms.at(-1)!.label}`);
    return arms.at(-1)!;
  };
  try {
    const rows: [what: string, count: number, budget: string][] = [];
    for (const form of ['orchestrated', 'choreographed'] as const) {
      const at = { label: `${form}, our services`, folder, on: world };
      const arm = await started(
        form === 'orchestrated'
          ? startTemporalArm({ ...at, workflow: 'exitEmployee' })
          : startJetStreamArm(at),
      );
      await runToEnd(arm);
      const before = await outside.counts();
      for (let i = 0; i < EXITS_COUNTED; i += 1) await runToEnd(arm);
      const after = await outside.counts();
      const requests = (after.requests - before.requests) / EXITS_COUNTED;
      const alone = (after.connections - before.connections) / EXITS_COUNTED;
      const { perSecond } = await rateOf(arm, scale.inFlight, scale.windowMs);
      const busy = await outside.counts();
      const exits = Math.round((busy.requests - after.requests) / requests);
      rows.push(
        [`${form}: SCIM requests, 3 systems, retained`, requests, '≤ 24'],
        [`${form}: SMTP connections, one exit at a time`, alone, ''],
        [
          `${form}: SMTP connections, others under way`,
          (busy.connections - after.connections) / exits,
          '≤ 1',
        ],
      );
      progress(`${form}: ${perSecond.toFixed(1)} exits/s`);
      if (form === 'choreographed') {
        const { events, records } = await writesAnExit(arm);
        const total = Object.values(records).reduce((sum, count) => sum + count, 0);
        rows.push(
          ['choreographed: events, 3 systems, retained', events, ''],
          ['choreographed: record writes', total, '≤ 14'],
          ...Object.entries(records).map(([bucket, count]): [string, number, string] => [
            `– in ${bucket}`,
            count,
            '',
          ]),
        );
      }
    }
    for (const outcome of ['retained', 'leaving'] as const) {
      for (const count of [1, 2, 3]) {
        const label = `orchestrated, no-op, ${count}, ${outcome}`;
        const arm = await started(
          startTemporalArm({ label, folder, workflow: 'exitEmployee', on: systemsOf(count) }),
        );
        const employeeId = nextEmployee();
        await arm.open(employeeId);
        await arm.effects.until(employeeId, beginningsOn(arm.systems));
        if (outcome === 'retained') await arm.retain(employeeId);
        else await arm.leave!(employeeId);
        if (outcome === 'retained') await arm.effects.until(employeeId, endingsOn(arm.systems));
        const budget = count === 1 ? (outcome === 'retained' ? '≤ 56' : '≤ 50') : '';
        const what = `orchestrated: events, ${count} system${count === 1 ? '' : 's'}, ${outcome}`;
        rows.push([what, await arm.events!(employeeId), budget]);
      }
    }
    const cells = rows.map(([what, count, budget]) => [what, String(Number(count.toFixed(1))), budget]);
    return { page: markdown(['', 'an exit', 'budget'], cells), counts: rows };
  } finally {
    for (const arm of arms.toReversed()) await arm.stop();
    await outside.stop();
  }
};
