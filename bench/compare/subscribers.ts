/**
 * What others who listen cost the block: the choreographed form with further subscribers, and with the tracker. The subscribers share one
 * process, since a hundred Node.js programs would measure this machine's memory and not the form.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { natsConfigOf } from '../../src/config/environment.js';
import { firstMessage, startChild, type Child } from '../../src/local/child.js';
import { eventually } from '../../test/support/eventually.js';
import { markdown, show, spread, type Spread } from './figures.js';
import type { Form } from './form.js';
import { series, underLoad, type Series } from './latency.js';
import type { Phase, World } from './phase.js';
import { cpuMs, cpuMsOf } from './processes.js';
import { interleaved } from './rounds.js';
import { startTracker } from './tracker.js';

interface Arm {
  label: string;
  /** How many have joined. */
  joined: number;
  isTracked?: boolean;
}

interface Cost {
  series: Series;
  /** What the stream has of an exit. */
  events: Spread;
  engineCpuMs: Spread;
  servicesCpuMs: Spread;
  listenersCpuMs: Spread;
}
type Figures = Record<string, Cost>;

const armOf = (joined: number): Arm => ({ label: `${joined} further subscribers`, joined });
const tracked: Arm = { label: 'no further subscriber, and `ems tracker`', joined: 0, isTracked: true };

export const subscribers: Phase<Figures> = {
  name: 'subscribers',
  forms: 'split',
  minutes: ({ rounds, scale }) => ((rounds + 1) * 5 * (scale.load / scale.perSecond + 4)) / 60,
  async measure(world) {
    const form = world.forms.find(({ kind }) => kind === 'choreographed')!;
    const connection = await connect(natsConfigOf(form.env['NATS_URL']!));
    const streams = await jetstreamManager(connection);
    const arms = [...(world.isQuick ? [0, 2] : [0, 1, 10, 100]).map(armOf), tracked];
    const results = await interleaved(arms, world.roundsOf('subscribers'), (arm, isWarmUp) =>
      round(world, form, streams, arm, isWarmUp),
    );
    await connection.close();
    return Object.fromEntries(
      [...results].map(([label, rounds]) => {
        const over = (of: (each: Round) => number): Spread => spread(rounds.map(of));
        return [
          label,
          {
            series: series(rounds.map(({ timed }) => timed)),
            events: over(({ events }) => events),
            engineCpuMs: over(({ engine }) => engine),
            servicesCpuMs: over(({ workers }) => workers),
            listenersCpuMs: over(({ listeners }) => listeners),
          },
        ];
      }),
    );
  },
  page: (figures, { scale }) =>
    `The choreographed form, 3 services, at ${scale.perSecond} resignations a second:\n\n${markdown(
      [
        '',
        'block p50, ms',
        'block p99, ms',
        'all three services p50, ms',
        'events an exit',
        'CPU of the engine, ms an exit',
        'of the services',
        'of those who listen',
        'exits',
      ],
      Object.entries(figures).map(([label, of]) => [
        label,
        show(of.series.blockP50Ms),
        of.series.blockP99Ms.toFixed(0),
        show(of.series.allP50Ms),
        show(of.events, 1),
        show(of.engineCpuMs),
        show(of.servicesCpuMs),
        show(of.listenersCpuMs),
        String(of.series.exits),
      ]),
    )}`,
};

type Round = Awaited<ReturnType<typeof round>>;

async function round(world: World, form: Form, streams: JetStreamManager, arm: Arm, isWarmUp: boolean) {
  const { scale, folder } = world;
  const listeners = arm.isTracked ? await startTracker(form, folder) : await join(form, arm.joined, folder);
  const used = async () => ({
    ...cpuMs(form),
    listeners: listeners ? cpuMsOf(listeners.pid) : 0,
    events: (await streams.streams.info(EXITS)).state.messages,
  });
  try {
    const before = await used();
    const timed = await underLoad(world, form, isWarmUp ? 2 * scale.perSecond : scale.load);
    if (arm.joined > 0) await untilAllHeard(streams);
    const after = await used();
    const perExit = (of: keyof typeof after): number => (after[of] - before[of]) / timed.length;
    return {
      timed,
      events: perExit('events'),
      engine: perExit('engine'),
      workers: perExit('workers'),
      listeners: perExit('listeners'),
    };
  } finally {
    await listeners?.stop();
  }
}

async function join(form: Form, count: number, folder: string): Promise<Child | undefined> {
  if (count === 0) return undefined;
  const module = fileURLToPath(new URL('./subscribers-process.js', import.meta.url));
  const logFile = path.join(folder, 'subscribers.log');
  const spec = { name: 'the subscribers', module, args: [String(count)], env: form.env, logFile };
  return startChild(spec, (child) => firstMessage(child));
}

/** A subscriber that heard less would have cost less. */
function untilAllHeard(streams: JetStreamManager): Promise<true> {
  return eventually('each further subscriber to have acknowledged every event', async () => {
    for await (const { name, num_pending, num_ack_pending } of streams.consumers.list(EXITS))
      if (name.startsWith('joined-') && num_pending + num_ack_pending > 0) return undefined;
    return true;
  });
}
