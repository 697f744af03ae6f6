/** Where an interview stands: with whom, in which calendar, and at what time. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Interview } from '../../exit/interview.js';
import type { Contact } from '../../exit/people.js';
import type { Calendar, Entry } from '../protocols/caldav.js';
import { slotOf, type Time } from './slots.js';
import { hrPartnerOf } from './wording.js';

export interface HrPartner {
  contact: Contact;
  /** Without one, a time is proposed by working hours alone. */
  calendar?: Calendar | undefined;
}

export interface Standing {
  partner: HrPartner;
  entry: Entry | undefined;
}

interface Latest extends Time {
  sequence: number;
  isByHand: boolean;
}

/** Where an earlier attempt left our entry, which nobody may have been told of. */
export async function findEntry(
  partners: readonly HrPartner[],
  uid: string,
  signal: AbortSignal,
): Promise<Standing | undefined> {
  for (const partner of partners) {
    const entry = await partner.calendar?.read(uid, signal);
    if (entry) return { partner, entry };
  }
  return undefined;
}

/** @throws FinalFailure NothingToGoOn when it is in a calendar that the configuration no longer has */
export async function standingOf(
  partners: readonly HrPartner[],
  interview: Interview,
  signal: AbortSignal,
): Promise<Standing> {
  const contact = hrPartnerOf(interview);
  const partner = partners.find(({ contact: { email } }) => email === contact.email) ?? { contact };
  if (interview.calendarUrl && interview.calendarUrl !== partner.calendar?.urlOf(interview.uid)) {
    throw new FinalFailure(
      FailureType.NothingToGoOn,
      `The interview is in a calendar that the configuration no longer has, ${interview.calendarUrl}: ` +
        `change it there and write to ${interview.attendees.map(({ email }) => email).join(' and ')} by hand`,
    );
  }
  return { partner, entry: await partner.calendar?.read(interview.uid, signal) };
}

/** The latest that was decided: what was about to be written, or else what stands in the calendar. */
export function latestOf(entry: Entry | undefined, known: Interview | undefined): Latest | undefined {
  if (known && (!entry || known.sequence > entry.sequence)) return { ...known, isByHand: false };
  if (!entry) return undefined;
  const time = slotOf(entry);
  // The HR partner moved it in the calendar: that is the time, and it is one that nobody else has been told.
  const isByHand =
    known !== undefined && entry.start !== Date.parse(known.start) && entry.status !== 'TENTATIVE';
  const isOlder = known !== undefined && known.sequence === entry.sequence;
  return { ...time, sequence: entry.sequence + (isByHand && isOlder ? 1 : 0), isByHand };
}
