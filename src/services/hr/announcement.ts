/** Sends the invitation or cancellation of the interview by iMIP (RFC 6047), one mail for each address. */
import { FailureType, isFinalFailure, type FinalFailure } from '../../exit/failures.js';
import { messageId } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee, Sent } from '../../exit/people.js';
import { Failures } from '../mails/failures-by-address.js';
import { addressesOf } from '../mails/mail-basics.js';
import { validAddress, type Mailer } from '../protocols/smtp.js';
import { cancel, request } from './invitation.js';
import type { Memory } from './memory.js';
import { hrPartnerOf, wording, type About, type What, type Wording } from './wording.js';

export interface Announcer {
  mailer: Mailer;
  domain: string;
  words: Wording;
  now: () => Date;
}

/**
 * Sends the mails that no earlier attempt has sent.
 * @returns all accepted mails, also those of earlier attempts
 * @throws FinalFailure AddressRefused, Refused
 */
export async function announce(
  what: What,
  about: About,
  interview: Interview,
  { mailer, domain, words, now }: Announcer,
  memory: Memory,
  signal: AbortSignal,
): Promise<Sent[]> {
  if (memory.interview?.sequence !== interview.sequence) await memory.recordInterview(interview);
  const others = new Failures();
  const employee = interview.attendees.slice(0, -1);
  for (const addresses of [employee, [hrPartnerOf(interview)]]) {
    const { mail, options } = wording(what, about, interview, words, addresses !== employee);
    const calendar =
      what === 'interview'
        ? { method: 'REQUEST' as const, content: request(interview, options) }
        : { method: 'CANCEL' as const, content: cancel(interview, options) };
    const failures = new Failures();
    for (const to of addresses) {
      const id = messageId(about.exitId, `${what}.${interview.sequence}`, to.email, domain);
      if (memory.has(id)) continue;
      if (what === 'interview' && Date.parse(interview.start) <= now().getTime())
        throw new Error(
          `${interview.start} has passed before all attendees were invited; the next attempt looks for another time`,
        );
      await memory.settle();
      try {
        await mailer.send({ to, ...mail, messageId: id, calendar }, signal);
      } catch (error) {
        if (signal.aborted) throw error;
        (isFinalFailure(error, FailureType.AddressRefused) ? failures : others).add(error as Error);
        continue;
      }
      await memory.recordDelivery(to.email, id);
    }
    // One accepted address is enough, since the hold may have blocked the employee's mailbox.
    if (addresses.length > 0 && failures.refusals.length === addresses.length) throw failures.asRefusal();
  }
  // Thrown last, so that one mailbox's outage does not delay the other invitations.
  others.throwOthers();
  return memory.interview?.sent ?? [];
}

/** @returns the employee as a contact, once for each valid address @throws FinalFailure AddressRefused without one */
export function contactsOf(employee: Employee): Contact[] {
  const { displayName: name, language } = employee;
  const contacts: Contact[] = [];
  const failures = new Failures();
  // Validated before the calendar reserves a time.
  for (const email of addressesOf(employee, 'invite')) {
    const contact = { name, email, ...(language && { language }) };
    try {
      validAddress(contact);
      contacts.push(contact);
    } catch (error) {
      failures.add(error as FinalFailure);
    }
  }
  if (contacts.length === 0) throw failures.asRefusal();
  return contacts;
}
