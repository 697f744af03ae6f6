/** Who was told of an exit by mail: each address gets a correction where the resignation was withdrawn or was never this person's. */
import type { ExitEventType, RecordedEvent } from './events.js';
import { isSameIdentity } from './mail-address.js';
import type { Contact, Employee, Sent } from './people.js';

export interface Recipient {
  email: string;
  name?: string | undefined;
  /** BCP 47; selects the mail templates. */
  language?: string | undefined;
  isEmployee: boolean;
  /** They have a role, or are the manager: the console shows them the exit. */
  maySee: boolean;
}

/** What the exit knows of the recipients. */
interface Known {
  employee?: Employee | undefined;
  employeeName?: string | undefined;
  hrPartner: Contact;
  operator: Contact;
  escalateTo: Contact;
}

/** @returns the mail with which the exit of another employee has told the manager of this exit as well */
export type MailOf = (teller: string, exitId: string) => Promise<Sent | undefined>;

export class Told {
  readonly recipients: Recipient[] = [];

  /** @returns whether the event tells an address that no earlier one told */
  record(event: RecordedEvent, known: () => Known): boolean {
    const read = readers[event.type] as Reader<ExitEventType> | undefined;
    const before = this.recipients.length;
    for (const recipient of read?.(event.data, known()) ?? [])
      if (!this.recipients.some(({ email }) => isSameIdentity(email, recipient.email)))
        this.recipients.push(recipient);
    return this.recipients.length > before;
  }
}

type Reader<T extends ExitEventType> = (data: RecordedEvent<T>['data'], known: Known) => Recipient[];

const readers: { [T in ExitEventType]?: Reader<T> } = {
  'manager.notified': ({ of, to, also = [], manager }, known) => {
    if (of !== 'resignation') return [];
    const contact = manager ?? known.employee?.manager;
    return [contact ? colleague(contact, to) : nameless(to), ...also.map(withRole(known))];
  },
  'employee.notified': ({ sent, employeeName, language }, known) =>
    sent.map(({ to: email }) => ({
      email,
      name: employeeName ?? known.employeeName,
      language: language ?? known.employee?.language,
      isEmployee: true,
      maySee: false,
    })),
  'hr.reminded': ({ to, also = [] }, known) => [{ to }, ...also].map(withRole(known)),
  'decision.escalated': ({ to, also = [] }, known) => [{ to }, ...also].map(withRole(known)),
  'operator.notified': ({ sent }, known) => sent.map(withRole(known)),
  'second-person.asked': ({ sent }) => sent.map(({ to }) => nameless(to)),
  'task.requested': ({ to }) => [{ ...nameless(to), maySee: false }],
};

/** The name is known of those who have a role in the exit, and not of those who stand in for them. */
const withRole =
  ({ hrPartner, operator, escalateTo }: Known) =>
  ({ to }: Pick<Sent, 'to'>): Recipient => {
    const contact = [hrPartner, operator, escalateTo].find(({ email }) => email === to);
    return contact ? colleague(contact, to) : nameless(to);
  };

const colleague = ({ name, language }: Contact, email: string): Recipient => ({
  ...{ ...nameless(email), name, language },
});

function nameless(email: string): Recipient {
  return { email, isEmployee: false, maySee: true };
}
