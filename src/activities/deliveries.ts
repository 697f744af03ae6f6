import type { Deliveries } from '../services/protocols/smtp.js';
import type { Attempt } from './attempt.js';

/**
 * Keeps the Message-IDs of delivered mails in the heartbeat details, so that the next attempt does not send them again.
 * @param earlier the Message-IDs that earlier calls had delivered
 */
export function deliveriesOf({ progress, report }: Attempt<string[]>, earlier: string[]): Deliveries {
  const delivered = new Set(progress ?? earlier);
  return {
    has: (delivery) => delivered.has(delivery),
    add: (delivery) => report([...delivered.add(delivery)]),
    settle: () => Promise.resolve(),
  };
}
