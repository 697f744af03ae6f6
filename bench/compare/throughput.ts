/**
 * Exits per second, from the resignation to the last effect of the decision, and the CPU time of each.
 *
 * The loop is closed: a fixed number of exits is under way, and the next begins when one is done. The backlog cannot grow, so a
 * short round finds the rate. An open loop would have to try many rates, each for long.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { resign, runToEnd, type Exit } from './exit.js';
import { markdown, show, spread, type Spread } from './figures.js';
import type { Form } from './form.js';
import { verifyOnce } from './latency.js';
import type { Phase, World } from './phase.js';
import { cpuMs } from './processes.js';
import { interleaved } from './rounds.js';

interface Rate {
  perSecond: Spread;
  engineCpuMs: Spread;
  workersCpuMs: Spread;
}
type Figures = Record<string, Rate>;

const RAMP_UP_MS = 1_500;

export const throughput: Phase<Figures> = {
  name: 'throughput',
  forms: 'all',
  minutes: ({ rounds, scale }) => ((rounds + 1) * 4 * (scale.windowMs / 1000 + 5)) / 60,
  async measure(world) {
    const results = await interleaved(world.forms, world.roundsOf('throughput'), (form) =>
      round(world, form),
    );
    return Object.fromEntries(
      [...results].map(([label, rounds]) => [
        label,
        {
          perSecond: spread(rounds.map(({ perSecond }) => perSecond)),
          engineCpuMs: spread(rounds.map(({ engine }) => engine)),
          workersCpuMs: spread(rounds.map(({ workers }) => workers)),
        },
      ]),
    );
  },
  page: (figures, { scale }) =>
    `${scale.inFlight} exits under way at any time:\n\n${markdown(
      ['', 'exits/s', 'CPU of the engine, ms an exit', 'CPU of workers or services, ms an exit'],
      Object.entries(figures).map(([label, of]) => [
        label,
        show(of.perSecond, 1),
        show(of.engineCpuMs),
        show(of.workersCpuMs),
      ]),
    )}`,
};

async function round({ outside, scale }: World, form: Form) {
  const done: Exit[] = [];
  const over = new AbortController();
  const keepBusy = async (): Promise<void> => {
    while (!over.signal.aborted) done.push(await runToEnd(form, outside, await resign(form)));
  };
  const busy = Promise.all(Array.from({ length: scale.inFlight }, keepBusy));
  // A failure ends the round at once.
  await Promise.race([pause(RAMP_UP_MS), busy]);
  const before = { count: done.length, at: Date.now(), cpu: cpuMs(form) };
  await Promise.race([pause(scale.windowMs), busy]);
  const count = done.length - before.count;
  const tookMs = Date.now() - before.at;
  const cpu = cpuMs(form);
  over.abort();
  await busy;
  await verifyOnce(outside, form, done);
  if (count === 0)
    throw new Error(`${form.label}: no exit was done within ${scale.windowMs} ms: lengthen the window`);
  return {
    perSecond: (1000 * count) / tookMs,
    engine: (cpu.engine - before.cpu.engine) / count,
    workers: (cpu.workers - before.cpu.workers) / count,
  };
}
