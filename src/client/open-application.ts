/** Opens the application with one connection for each form, which all calls share. */
import type { Config } from '../config/config.js';
import type { NatsConfig } from '../config/environment.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import type { Sign } from '../exit/signature.js';
import type { TemporalConfig } from '../temporal/connect-orchestrated.js';
import { applicationOf, type Application } from './application.js';

/** The servers of the forms; a form without an address is not configured. */
interface Addresses {
  temporal?: TemporalConfig | undefined;
  nats?: NatsConfig | undefined;
}

interface Connected {
  exits: ExitsOfForm;
  close: () => Promise<void>;
}

/**
 * Loads a form and connects to it on the first call; after a failure the next call connects again.
 * @param config called on first use
 * @param sign where this process has the key of the API
 */
export function openApplication(
  config: () => Config | Promise<Config>,
  { temporal, nats }: Addresses,
  sign?: Sign,
): Application & { close: () => Promise<void> } {
  const closing: (() => Promise<void>)[] = [];

  const onFirstUse = (connect: () => Promise<Connected>): (() => Promise<ExitsOfForm>) => {
    let connected: Promise<ExitsOfForm> | undefined;
    return () =>
      (connected ??= connect().then(
        ({ exits, close }) => {
          closing.push(close);
          return exits;
        },
        (error: Error) => {
          connected = undefined;
          throw error;
        },
      ));
  };

  const application = applicationOf(
    {
      ...(temporal && {
        orchestrated: onFirstUse(async () => {
          const { connectOrchestrated } = await import('../temporal/connect-orchestrated.js');
          return connectOrchestrated(temporal, sign);
        }),
      }),
      ...(nats && {
        choreographed: onFirstUse(async () => {
          const { connectChoreographed } = await import('../choreography/client/connect-choreographed.js');
          return connectChoreographed(nats, await config(), sign);
        }),
      }),
    },
    config,
  );
  return { ...application, close: async () => void (await Promise.all(closing.map((close) => close()))) };
}
