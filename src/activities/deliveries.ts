import type { Deliveries } from '../services/protocols/smtp.js';
import type { Attempt } from './attempt.js';

/**
 * What has been delivered outlives a failed attempt, so that the next one does not write to the same person again.
 * @param earlier what earlier calls had delivered
 */
export function deliveriesOf({ progress, report }: Attempt<string[]>, earlier: string[]): Deliveries {
  const delivered = new Set(progress ?? earlier);
  return {
    has: (delivery) => delivered.has(delivery),
    add: (delivery) => report([...delivered.add(delivery)]),
  };
}
