/** Where `ems` finds Temporal, NATS and the configuration: in the environment, else in the stack that `npm start` runs. */
import { Option } from 'commander';
import { connectBus, type Bus } from '../choreography/jetstream/bus.js';
import type { Application } from '../client/application.js';
import { forms, notConfigured, type Form } from '../client/forms.js';
import { openApplication } from '../client/open-application.js';
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

/** Runs something with what can be done with exits, and closes the connections. */
export async function withApplication<T>(run: (exits: Application) => Promise<T>): Promise<T> {
  const { connectionOptions, ...rest } = loadTemporalConfig();
  const address = temporalAddress();
  const application = openApplication(configuration, {
    ...(address !== undefined && {
      temporal: { ...rest, connectionOptions: { ...connectionOptions, address } },
    }),
    nats: natsConfig(),
  });
  try {
    return await run(application);
  } finally {
    await application.close();
  }
}

export const temporalAddress = (): string | undefined =>
  loadTemporalConfig().connectionOptions.address ?? runningStack()?.temporal.address;

/** What every command on one exit takes. */
export interface ExitOptions {
  form?: Form;
  json?: boolean;
}

export const formOption = (description = 'ask only this form; default: wherever the exit is'): Option =>
  new Option('--form <form>', description).choices(forms);

/** Runs something with a connection to NATS, and closes it. */
export async function withBus<T>(run: (bus: Bus) => Promise<T>): Promise<T> {
  const nats = natsConfig();
  if (!nats) throw notConfigured('choreographed');
  const bus = await connectBus(nats, 'ems');
  try {
    return await run(bus);
  } finally {
    await bus.close();
  }
}

/** An environment that names a Temporal of its own does not mean the local stack. */
export function natsConfig(): NatsConfig | undefined {
  const fromEnvironment = loadNatsConfig();
  if (fromEnvironment || loadTemporalConfig().connectionOptions.address) return fromEnvironment;
  const url = runningStack()?.nats?.url;
  return url === undefined ? undefined : natsConfigOf(url);
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
