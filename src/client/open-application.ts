/** The application over one connection to each form, which serves any number of calls at once. */
import { connectChoreographed } from '../choreography/client/connect-choreographed.js';
import type { Config } from '../config/config.js';
import type { NatsConfig } from '../config/environment.js';
import { connectOrchestrated, type TemporalConfig } from '../temporal/connect-orchestrated.js';
import { applicationOf, type Application } from './application.js';
import type { ExitsOfForm } from './forms.js';

/** Where the forms are; one that is not named is not configured here. */
export interface Addresses {
  temporal?: TemporalConfig | undefined;
  nats?: NatsConfig | undefined;
}

interface Connected {
  exits: ExitsOfForm;
  close: () => Promise<void>;
}

/**
 * Connects to a form once something asks it, and again for the next one where that failed.
 * @param config read once something needs it
 */
export function openApplication(
  config: () => Config,
  { temporal, nats }: Addresses,
): Application & { close: () => Promise<void> } {
  const connections: (() => Promise<Connected> | undefined)[] = [];

  const onFirstUse = (connect: () => Promise<Connected>): (() => Promise<ExitsOfForm>) => {
    let connection: Promise<Connected> | undefined;
    connections.push(() => connection);
    return async () => {
      connection ??= connect();
      const mine = connection;
      try {
        return (await mine).exits;
      } catch (error) {
        if (connection === mine) connection = undefined;
        throw error;
      }
    };
  };

  const application = applicationOf(
    {
      ...(temporal && { orchestrated: onFirstUse(() => connectOrchestrated(temporal)) }),
      ...(nats && { choreographed: onFirstUse(async () => connectChoreographed(nats, config())) }),
    },
    config,
  );
  return {
    ...application,
    close: async () => {
      const made = await Promise.allSettled(connections.map((connection) => connection()));
      await Promise.all(made.map(async (each) => each.status === 'fulfilled' && each.value?.close()));
    },
  };
}
