import type { Deliveries } from '../../services/protocols/smtp.js';
import type { Leased } from '../jetstream/records.js';

/** A record of the mails of a step: Message-IDs, one for each address whose server has accepted the mail. */
export interface Delivering {
  delivered: string[];
}

/** Each delivery is durable before the next mail goes out. */
export const deliveriesOf = (record: Leased<Delivering>): Deliveries => ({
  has: (messageId) => record.value.delivered.includes(messageId),
  add: (messageId) => {
    record.value.delivered.push(messageId);
    return record.save();
  },
});
