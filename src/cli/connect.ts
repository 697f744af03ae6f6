/** Where `ems` finds Temporal, NATS and the configuration: in the environment, else in the stack that `npm start` runs. */
import { Client, Connection } from '@temporalio/client';
import { Option } from 'commander';
import { connectBus, type Bus } from '../choreography/jetstream/bus.js';
import { readChoreographedEvidence } from '../choreography/client/choreographed-evidence.js';
import { choreographedExits } from '../choreography/client/choreographed-exits.js';
import { readEvidence } from '../temporal/orchestrated-evidence.js';
import {
  exitsOf,
  forms,
  type BothForms,
  type ExitsOfForm,
  type Form,
  type Reached,
} from '../client/both-forms.js';
import { orchestratedExits } from '../temporal/orchestrated-exits.js';
import { loadConfig, type Config } from '../config/config.js';
import {
  emsHome,
  loadNatsConfig,
  loadTemporalConfig,
  natsConfigOf,
  outsideServers,
  scimVariable,
  type NatsConfig,
} from '../config/environment.js';
import { environmentOf, readStack, type StackFile } from '../local/stack-file.js';
import { payloadConverterPath } from '../temporal/namespace.js';
import { Refusal } from '../exit/refusal.js';

const CONNECT_WITHIN = '5 seconds';

/** Something that is connected, and is to be closed. */
interface Connected<T> {
  value: T;
  close: () => Promise<void>;
}

/**
 * Runs something with the exits of both forms, and closes the connections. A form that is not configured here is left out; one that
 * cannot be reached says so once it is asked.
 * @param only ask no other form
 */
export async function withExits<T>(
  only: Form | undefined,
  run: (exits: BothForms) => Promise<T>,
): Promise<T> {
  const connects: Record<Form, (() => Promise<Connected<ExitsOfForm>>) | undefined> = {
    orchestrated: temporalAddress() === undefined ? undefined : connectOrchestrated,
    choreographed: natsConfig() && connectChoreographed,
  };
  const configured = forms.filter((form) => connects[form] && (only ?? form) === form);
  if (configured.length === 0) throw new Refusal(nothingHere(only));
  const connected = await Promise.allSettled(configured.map((form) => connects[form]!()));
  try {
    const reached = connected.map((each, i): Reached => {
      const form = configured[i]!;
      return each.status === 'fulfilled'
        ? { form, exits: each.value.value }
        : { form, problem: each.reason as Error };
    });
    return await run(exitsOf(reached));
  } finally {
    await Promise.all(connected.map(async (each) => each.status === 'fulfilled' && each.value.close()));
  }
}

export const formOption = (description: string): Option =>
  new Option('--form <form>', description).choices(forms);

/** Runs something with a connection to NATS, and closes it. */
export async function withBus<T>(run: (bus: Bus) => Promise<T>): Promise<T> {
  const bus = await busHere();
  try {
    return await run(bus);
  } finally {
    await bus.close();
  }
}

async function connectOrchestrated(): Promise<Connected<ExitsOfForm>> {
  const { value, close } = await connectTemporal();
  const evidence: ExitsOfForm['evidence'] = (...of) => readEvidence(value, ...of);
  return { value: { ...orchestratedExits(value), evidence }, close };
}

async function connectChoreographed(): Promise<Connected<ExitsOfForm>> {
  const config = configuration();
  const bus = await busHere();
  try {
    const evidence: ExitsOfForm['evidence'] = (...of) => readChoreographedEvidence(bus, ...of);
    return { value: { ...(await choreographedExits(bus, config)), evidence }, close: () => bus.close() };
  } catch (error) {
    await bus.close();
    throw error;
  }
}

async function connectTemporal(): Promise<Connected<Client>> {
  const { connectionOptions, namespace = 'default' } = loadTemporalConfig();
  const address = temporalAddress();
  if (address === undefined) throw new Refusal(nothingHere('orchestrated'));
  const connection = await Connection.connect({
    ...connectionOptions,
    address,
    connectTimeout: CONNECT_WITHIN,
  }).catch((error: unknown) => {
    throw new Refusal(
      `Temporal cannot be reached at ${address}. Start the local stack with "npm start", or set TEMPORAL_ADDRESS`,
      { cause: error },
    );
  });
  const client = new Client({ connection, namespace, dataConverter: { payloadConverterPath } });
  return { value: client, close: () => connection.close() };
}

function busHere(): Promise<Bus> {
  const nats = natsConfig();
  if (!nats) throw new Refusal(nothingHere('choreographed'));
  return connectBus(nats, 'ems');
}

const temporalAddress = (): string | undefined =>
  loadTemporalConfig().connectionOptions.address ?? runningStack()?.temporal.address;

/** An environment that names a Temporal of its own does not mean the local stack. */
export function natsConfig(): NatsConfig | undefined {
  const fromEnvironment = loadNatsConfig();
  if (fromEnvironment || loadTemporalConfig().connectionOptions.address) return fromEnvironment;
  const url = runningStack()?.nats?.url;
  return url === undefined ? undefined : natsConfigOf(url);
}

function nothingHere(only: Form | undefined): string {
  const unset = {
    orchestrated: 'TEMPORAL_ADDRESS is not set',
    choreographed: 'NATS_URL is not set',
    both: 'neither TEMPORAL_ADDRESS nor NATS_URL is set',
  };
  return `No stack is running here and ${unset[only ?? 'both']}. Start one with "npm start"`;
}

/** @throws ConfigError */
export function configuration(): Config {
  const stack = loadTemporalConfig().connectionOptions.address ? undefined : runningStack();
  if (!stack) return loadConfig();
  const defaults = environmentOf(stack);
  // The local stack's token is for the local stack: a server that the environment names is not shown it.
  const names = ['directory', ...stack.systems.map(({ name }) => name)];
  for (const [name, { scimUrl }] of outsideServers(names).scim)
    if (scimUrl) delete defaults[scimVariable(name, 'TOKEN')];
  return loadConfig(defaults);
}

function runningStack(): StackFile | undefined {
  return readStack(emsHome());
}
