import type { Config } from '../../config/config.js';
import type { NatsConfig } from '../../config/environment.js';
import type { Sign } from '../../exit/signature.js';
import { connectBus } from '../jetstream/bus.js';
import { choreographedExits } from './choreographed-exits.js';

/** The exits of the choreographed form, over a connection of their own. @throws Refusal */
export async function connectChoreographed(nats: NatsConfig, config: Config, sign?: Sign) {
  const bus = await connectBus(nats, 'ems');
  try {
    return { exits: await choreographedExits(bus, config, sign), close: () => bus.close() };
  } catch (error) {
    await bus.close();
    throw error;
  }
}
