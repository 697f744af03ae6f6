/** Where `ems` finds Temporal and the configuration: in the environment, else in the stack that `npm start` runs. */
import { Client, Connection } from '@temporalio/client';
import {
  emsHome,
  loadConfig,
  loadTemporalConfig,
  outsideServers,
  scimVariable,
  type Config,
} from '../config.js';
import { environmentOf, readStack, type StackFile } from '../local/stack-file.js';
import { payloadConverterPath } from '../temporal.js';
import { Refusal } from '../client/refusal.js';

const CONNECT_WITHIN = '5 seconds';

/** Runs something with a connection, and closes it. */
export async function withTemporal<T>(run: (client: Client) => Promise<T>): Promise<T> {
  const { connectionOptions, namespace = 'default' } = loadTemporalConfig();
  const address = connectionOptions.address ?? runningStack()?.temporal.address;
  if (!address) {
    throw new Refusal('No stack is running here and TEMPORAL_ADDRESS is not set. Start one with "npm start"');
  }
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
  try {
    return await run(new Client({ connection, namespace, dataConverter: { payloadConverterPath } }));
  } finally {
    await connection.close();
  }
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
