/** Opens the application with one connection for each form, which all calls share. */
import { connectChoreographed } from '../choreography/client/connect-choreographed.js';
import type { Config } from '../config/config.js';
import type { NatsConfig } from '../config/environment.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import { connectOrchestrated, type TemporalConfig } from '../temporal/connect-orchestrated.js';
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
 * Connects to a form on its first call; after a failure the next call connects again.
 * @param config called on first use
 */
export function openApplication(
  config: () => Config,
  { temporal, nats }: Addresses,
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
      ...(temporal && { orchestrated: onFirstUse(() => connectOrchestrated(temporal)) }),
      ...(nats && { choreographed: onFirstUse(async () => connectChoreographed(nats, config())) }),
    },
    config,
  );
  return { ...application, close: async () => void (await Promise.all(closing.map((close) => close()))) };
}
