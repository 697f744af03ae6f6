import type { Deliveries } from '../../services/protocols/smtp.js';
import type { Leased } from '../jetstream/records.js';

/** A record of the mails of a step: Message-IDs, one for each address whose server has accepted the mail. */
export interface Delivering {
  delivered: string[];
}

/** Each delivery is durable before the next mail goes out; the last one by the outcome. */
export function deliveriesOf(record: Leased<Delivering>): Deliveries {
  let isDurable = true;
  return {
    has: (messageId) => record.value.delivered.includes(messageId),
    add(messageId) {
      record.value.delivered.push(messageId);
      isDurable = false;
      return Promise.resolve();
    },
    async settle() {
      if (isDurable) return;
      await record.save();
      isDurable = true;
    },
  };
}
