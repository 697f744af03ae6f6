/** The company of world.ts, with the choreographed form in it: a broker of its own, and the services in this process. */
import { loadDataKeys } from '../../src/config/data-keys.js';
import { loadSigner } from '../../src/config/decision-key.js';
import { connectBus, type Bus } from '../../src/choreography/jetstream/bus.js';
import {
  choreographedExits,
  type ChoreographedExits,
} from '../../src/choreography/client/choreographed-exits.js';
import {
  startServices,
  subscriberNames,
  type SubscriberName,
} from '../../src/choreography/subscribers/start.js';
import type { Subscriber } from '../../src/choreography/subscribers/subscriber.js';
import type { ExitStatus, Phase } from '../../src/exit/status.js';
import { checkStreams } from './contract.js';
import { silentLog } from './captured-log.js';
import { startBroker, type Broker } from './nats.js';
import { untilOf } from './until.js';
import { startWorld, type Hired, type World, type WorldOptions } from './world.js';

const ACK_WAIT_MS = 1_500;

export interface ChoreographedWorld extends Omit<World, 'exits' | 'until' | 'untilPhase'> {
  broker: Broker;
  /** The client's connection. */
  bus: Bus;
  exits: ChoreographedExits;
  until: (hired: Hired, what: string, wanted: (status: ExitStatus) => boolean) => Promise<ExitStatus>;
  untilPhase: (hired: Hired, phase: Phase) => Promise<ExitStatus>;
  open: (changes?: Parameters<World['hire']>[0]) => Promise<Hired & { exitId: string }>;
  /** Starts services on a connection of their own, as a process would. */
  startServices: (...names: SubscriberName[]) => Promise<Services>;
  /** All that still run. */
  stopServices: () => Promise<void>;
  /** What was given up, with the reason. */
  deadLetters: () => Promise<DeadLetter[]>;
}

interface Services {
  stop: () => Promise<void>;
  /** What a killed process leaves behind: nothing is acknowledged, nothing is given back. */
  vanish: () => Promise<void>;
}

export interface DeadLetter {
  subject: string;
  consumer: string;
  reason: string;
  data: string;
}

interface Options extends Omit<WorldOptions, 'services'> {
  services?: SubscriberName[];
  ackWaitMs?: number;
}

/** Outages are tried again soon, and a busy machine is none. */
export const fast: [string, string][] = [
  ['initialInterval: PT1S, maximumInterval: PT1M', 'initialInterval: PT0.1S, maximumInterval: PT0.5S'],
  ['requestTimeout: PT10S', 'requestTimeout: PT3S'],
];

export async function startChoreographedWorld({
  services = [...subscriberNames],
  config: changes = [],
  ackWaitMs = ACK_WAIT_MS,
  ...options
}: Options = {}): Promise<ChoreographedWorld> {
  const broker = await startBroker();
  const world = await startWorld({ ...options, config: [...fast, ...changes], services: [] });
  const { config } = world;
  const env: Record<string, string> = { ...world.env, NATS_URL: broker.url };
  const nats = () => ({ servers: [broker.address], dataKeys: loadDataKeys(env) });
  const bus = await connectBus(nats(), 'the client');
  const exits = await choreographedExits(bus, config, loadSigner(world.env));
  const running: Services[] = [];

  const start = async (...names: SubscriberName[]): Promise<Services> => {
    const own = await connectBus(nats(), names.join(', '));
    const subscriber: Subscriber = await startServices({
      bus: own,
      config,
      services: names,
      ackWaitMs,
      log: silentLog,
    });
    let isOver = false;
    const end = async (how: () => Promise<void>): Promise<void> => {
      if (isOver) return;
      isOver = true;
      await how();
    };
    const started = {
      stop: () => end(() => subscriber.stop().then(() => own.close())),
      vanish: () => end(() => own.close().then(() => subscriber.stop())),
    };
    running.push(started);
    return started;
  };
  const stopServices = async () =>
    void (await Promise.all(running.splice(0).map((services) => services.stop())));
  if (services.length > 0) await start(...services);

  const until = untilOf(exits);

  return {
    ...world,
    env,
    broker,
    bus,
    exits,
    until,
    untilPhase: (who, phase) => until(who, phase, (status) => status.phase === phase),
    startServices: start,
    stopServices,
    async open(hire) {
      const hired = await world.hire(hire);
      const { exitId } = await exits.open({ employeeId: hired.employeeId });
      return { ...hired, exitId };
    },
    async deadLetters() {
      const found: DeadLetter[] = [];
      const { state } = await bus.jsm.streams.info('EXITS_DEAD_LETTERS');
      for (let seq = 1; seq <= state.last_seq; seq++) {
        const message = await bus.jsm.streams.getMessage('EXITS_DEAD_LETTERS', { seq });
        if (!message) continue;
        const { header, subject } = message;
        const said = (name: string): string => header.get(`dead-letter-${name}`);
        found.push({ subject, consumer: said('consumer'), reason: said('reason'), data: message.string() });
      }
      return found;
    },
    async stop() {
      await stopServices();
      try {
        // In every test: what the services published keeps to the contract.
        await checkStreams(bus);
      } finally {
        await bus.close();
        await world.stop();
        await broker.stop();
      }
    },
  };
}
