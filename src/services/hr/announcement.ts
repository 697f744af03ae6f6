/** Tells everybody of the interview, by iMIP (RFC 6047): one mail a person and address. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { messageId } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee, Sent } from '../../exit/people.js';
import { addressesOf } from '../mails/about.js';
import { validAddress, type Mailer } from '../protocols/smtp.js';
import { cancel, request } from './invitation.js';
import type { Memory } from './memory.js';
import { hrPartnerOf, wording, type About, type What, type Wording } from './wording.js';

interface Announcer {
  mailer: Mailer;
  domain: string;
  words: Wording;
  now: () => Date;
}

/**
 * Sends what has not been sent yet.
 * @returns all mails that were accepted
 * @throws FinalFailure AddressRefused, Refused
 */
export async function announce(
  what: What,
  about: About & { exitId: string },
  interview: Interview,
  { mailer, domain, words, now }: Announcer,
  memory: Memory,
  signal: AbortSignal,
): Promise<Sent[]> {
  if (memory.interview?.sequence !== interview.sequence) await memory.decide(interview);
  const { mail, options } = wording(what, about, interview, words);
  const calendar =
    what === 'interview'
      ? { method: 'REQUEST' as const, content: request(interview, options) }
      : { method: 'CANCEL' as const, content: cancel(interview, options) };

  const outages: Error[] = [];
  const employee = interview.attendees.slice(0, -1);
  for (const addresses of [employee, [hrPartnerOf(interview)]]) {
    const refusals: FinalFailure[] = [];
    for (const to of addresses) {
      const id = messageId(about.exitId, `${what}.${interview.sequence}`, to.email, domain);
      if (memory.has(id)) continue;
      if (what === 'interview' && Date.parse(interview.start) <= now().getTime())
        throw new Error(`${interview.start} has passed before everybody was invited: another time is needed`);
      try {
        await mailer.send({ to, ...mail, messageId: id, calendar }, signal);
      } catch (error) {
        if (signal.aborted || (error instanceof FinalFailure && error.type !== FailureType.AddressRefused))
          throw error;
        if (error instanceof FinalFailure) refusals.push(error);
        else outages.push(error as Error);
        continue;
      }
      await memory.deliver(to.email, id);
    }
    // One address that takes it will do: the hold may have blocked the other one.
    if (refusals.length === addresses.length) throw refusals[0]!;
  }
  // A mailbox that has to be tried again keeps nobody else from being invited.
  if (outages[0]) throw outages[0];
  return memory.interview?.sent ?? [];
}

/** The employee, under every address that there is. */
export function contactsOf(employee: Employee): Contact[] {
  const { displayName: name, language } = employee;
  const contacts = addressesOf(employee, 'invite').map((email) => ({
    name,
    email,
    ...(language && { language }),
  }));
  // Before a time is kept for somebody who cannot be invited.
  for (const contact of contacts) validAddress(contact);
  return contacts;
}
