/** Who was told of an exit by mail: each address gets a correction where the resignation was withdrawn or was never this person's. */
import type { ExitEventType, RecordedEvent } from './events.js';
import { isSameIdentity } from './mail-address.js';
import type { Contact, Employee } from './people.js';

export interface Recipient {
  email: string;
  name?: string | undefined;
  /** BCP 47; selects the mail templates. */
  language?: string | undefined;
  isEmployee: boolean;
}

/** What the exit knows of the recipients. */
interface Known {
  employee?: Employee | undefined;
  employeeName?: string | undefined;
  hrPartner: Contact;
  operator: Contact;
  escalateTo: Contact;
}

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
  'manager.notified': ({ of, to, manager }, { employee }) => {
    if (of !== 'resignation') return [];
    const contact = manager ?? employee?.manager;
    return [contact ? colleague(contact, to) : { email: to, isEmployee: false }];
  },
  'employee.notified': ({ sent, employeeName, language }, known) =>
    sent.map(({ to: email }) => ({
      email,
      name: employeeName ?? known.employeeName,
      language: language ?? known.employee?.language,
      isEmployee: true,
    })),
  // The decider, or a second person: the name is known of the HR partner alone.
  'hr.reminded': ({ to }, { hrPartner }) => [
    to === hrPartner.email ? colleague(hrPartner, to) : { email: to, isEmployee: false },
  ],
  'decision.escalated': ({ to }, { escalateTo }) => [colleague(escalateTo, to)],
  'operator.notified': ({ sent }, { operator }) => sent.map(({ to }) => colleague(operator, to)),
  'second-person.asked': ({ sent }) => sent.map(({ to: email }) => ({ email, isEmployee: false })),
  'task.requested': ({ to }) => [{ email: to, isEmployee: false }],
};

const colleague = ({ name, language }: Contact, email: string): Recipient => ({
  ...{ email, name, language, isEmployee: false },
});
