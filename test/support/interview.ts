/** An exit interview to invite for, and a calendar program to read the invitation with. */
import assert from 'node:assert/strict';
import ICAL from 'ical.js';
import type { InterviewPolicy } from '../../src/config/config.js';
import type { Interview } from '../../src/exit/interview.js';
import type { Contact, Employee } from '../../src/exit/people.js';
import { createHrService, type HrPartner, type HrService } from '../../src/services/hr/hr.js';
import { remember, type Memory } from '../../src/services/hr/memory.js';
import type { SlotLocks } from '../../src/services/hr/slot-locks.js';
import { loadTemplates } from '../../src/services/mails/templates.js';
import { createCalendar } from '../../src/services/protocols/caldav.js';
import { mailer } from './message.js';
import { dana, openedAt } from './notification.js';
import type { Account } from './radicale.js';
import { sampleConfig } from './sample-config.js';
import { calendarOf, type Mail } from './smtp.js';

const { organisation, interview: policy, contacts } = sampleConfig;
export const HR = contacts.hrPartners[0].email;

interface Setting {
  partners?: [HrPartner, ...HrPartner[]];
  policy?: Partial<InterviewPolicy>;
  consoleUrl?: string;
}

/** What HR is asked for. */
export interface Asked extends Setting {
  now?: string;
  at?: string;
  exitId?: string;
  /** What is otherwise about Dana. */
  employee?: Partial<Employee>;
  openedAt?: string;
  lastWorkingDay?: string;
  /** The HR partner who has taken the exit over. */
  successor?: Contact;
  /** Whether a person asked for another time. */
  isAsked?: boolean;
  /** What the step remembers; without it this is the first attempt, or one that remembers nothing. */
  done?: Memory;
  signal?: AbortSignal;
}

/** What HR is asked to do, with the mail server and, where there is one, the calendar of the test. */
export function hrAt(
  mail: { port: number },
  partnersOfTest?: () => [HrPartner, ...HrPartner[]],
  locks = locksInMemory(),
) {
  function hr({ now = openedAt, partners, policy: changes, consoleUrl = '' }: Asked): HrService {
    return createHrService({
      whoIsLeaving: () => Promise.resolve(new Map()),
      mailer: mailer(mail.port),
      templates: loadTemplates(policy),
      organisation: { ...organisation, consoleUrl },
      policy: { ...policy, ...changes },
      partners: partners ?? partnersOfTest?.() ?? [{ contact: contacts.hrPartners[0] }],
      from: sampleConfig.mail.from,
      locks,
      now: () => new Date(now),
    });
  }
  const request = (asked: Asked) => ({
    openedAt,
    exitId: 'exit-1',
    ...asked,
    employee: dana(asked.employee),
  });
  const attempt = ({ done = memory(), signal = new AbortController().signal }: Asked) =>
    [done, signal] as const;
  return {
    schedule: (asked: Asked = {}) => hr(asked).scheduleInterview(request(asked), ...attempt(asked)),
    reschedule: (interview: Interview, asked: Asked = {}) =>
      hr(asked).rescheduleInterview({ ...request(asked), interview }, ...attempt(asked)),
    withdraw: (interview: Interview | undefined, asked: Asked = {}) =>
      hr(asked).cancelInterview({ ...request(asked), interview }, ...attempt(asked)),
  };
}

/** An HR partner with a calendar. */
export function partnerWith(
  account: Account,
  contact: Contact = { name: 'Acme HR', email: HR },
  timeZone = policy.timeZone,
): HrPartner {
  const name = `the calendar of ${contact.name}`;
  return { contact, calendar: createCalendar({ ...account, name, timeZone, requestTimeoutMs: 5_000 }) };
}

/** What one step remembers, over all its attempts. */
export const memory = (): Memory => remember({ delivered: [] }, () => Promise.resolve());

/** What a calendar program makes of a mail. */
export function readInvitation(mail: Mail) {
  const { method, content } = calendarOf(mail);
  const calendar = new ICAL.Component(ICAL.parse(content) as unknown[]);
  assert.equal(
    calendar.getFirstPropertyValue('method'),
    method,
    'the method of the part and of the calendar',
  );
  assert.equal(calendar.getAllSubcomponents().length, 1);
  const component = calendar.getFirstSubcomponent('vevent')!;
  const people = component.getAllProperties('attendee').map((attendee) => ({
    name: String(attendee.getParameter('cn')),
    address: String(attendee.getFirstValue()).toLowerCase(),
  }));
  const addresses = people.map(({ address }) => address);
  return { method, content, component, people, addresses, event: new ICAL.Event(component) };
}

/** The locks of one process; test/promises/slots.test.ts has those of both forms. */
export function locksInMemory(): SlotLocks & { held: Map<string, string> } {
  const held = new Map<string, string>();
  return {
    held,
    take(keys, holder) {
      const other = keys.find((key) => (held.get(key) ?? holder) !== holder);
      if (other !== undefined) return Promise.resolve({ key: other, holder: held.get(other)! });
      for (const key of keys) held.set(key, holder);
      return Promise.resolve(undefined);
    },
    holderOf: (key) => Promise.resolve(held.get(key)),
    release(keys, holder) {
      for (const key of keys) if (held.get(key) === holder) held.delete(key);
      return Promise.resolve();
    },
  };
}
