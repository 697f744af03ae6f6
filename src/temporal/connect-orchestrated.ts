import { Client, Connection } from '@temporalio/client';
import { noDataKeys, type DataKeys } from '../config/data-keys.js';
import type { loadTemporalConfig } from '../config/environment.js';
import { Refusal } from '../exit/refusal.js';
import type { Sign } from '../exit/signature.js';
import { dataConverterOf } from './data-converter.js';
import { orchestratedExits } from './orchestrated-exits.js';

export type TemporalConfig = Omit<ReturnType<typeof loadTemporalConfig>, 'dataKeys'> & {
  dataKeys?: DataKeys;
};

const CONNECT_WITHIN = '5 seconds';

/** @throws Refusal `unreachable` */
export async function connectClient({
  connectionOptions,
  namespace = 'default',
  dataKeys = noDataKeys,
}: TemporalConfig) {
  const { address } = connectionOptions;
  const connection = await Connection.connect({
    ...connectionOptions,
    connectTimeout: CONNECT_WITHIN,
  }).catch((error: unknown) => {
    const why = `Temporal cannot be reached at ${address}`;
    throw new Refusal('unreachable', why, { form: 'orchestrated', address }, { cause: error });
  });
  const client = new Client({ connection, namespace, dataConverter: dataConverterOf(dataKeys) });
  return { client, close: () => connection.close() };
}

/** Opens the orchestrated form on a connection of its own. @throws Refusal `unreachable` */
export async function connectOrchestrated(config: TemporalConfig, sign?: Sign) {
  const { client, close } = await connectClient(config);
  return { exits: orchestratedExits(client, sign), close };
}
