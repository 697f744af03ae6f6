/** The HR partner of an interview, and its entry in their calendar. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Interview } from '../../exit/interview.js';
import type { Contact } from '../../exit/people.js';
import type { Calendar, Entry } from '../protocols/caldav.js';
import { slotOf, type Time } from './slots.js';
import { hrPartnerOf } from './wording.js';

export interface HrPartner {
  contact: Contact;
  /** Without one, only working hours determine the time. */
  calendar?: Calendar | undefined;
}

export interface PartnerEntry {
  partner: HrPartner;
  entry: Entry | undefined;
}

interface Latest extends Time {
  sequence: number;
  isByHand: boolean;
}

/** @returns the entry of an earlier attempt, perhaps unannounced, from any calendar */
export async function findEntry(
  partners: readonly HrPartner[],
  uid: string,
  signal: AbortSignal,
): Promise<PartnerEntry | undefined> {
  for (const partner of partners) {
    const entry = await partner.calendar?.read(uid, signal);
    if (entry) return { partner, entry };
  }
  return undefined;
}

/** @throws FinalFailure NothingToGoOn where the interview's calendar has left the configuration */
export async function entryWith(
  partners: readonly HrPartner[],
  interview: Interview,
  signal: AbortSignal,
): Promise<PartnerEntry> {
  const contact = hrPartnerOf(interview);
  const partner = partners.find(({ contact: { email } }) => email === contact.email) ?? { contact };
  if (interview.calendarUrl && interview.calendarUrl !== partner.calendar?.urlOf(interview.uid)) {
    throw new FinalFailure(
      FailureType.NothingToGoOn,
      `The calendar of the interview has left the configuration, ${interview.calendarUrl}: ` +
        `change it there and write to ${interview.attendees.map(({ email }) => email).join(' and ')} by hand`,
    );
  }
  return { partner, entry: await partner.calendar?.read(interview.uid, signal) };
}

/** @returns the latest time: the recorded one, unless the calendar has a newer entry */
export function latestOf(entry: Entry | undefined, known: Interview | undefined): Latest | undefined {
  if (known && (!entry || known.sequence > entry.sequence)) return { ...known, isByHand: false };
  if (!entry) return undefined;
  const time = slotOf(entry);
  // The HR partner moved it in the calendar: that time counts, and has not been announced.
  const isByHand =
    known !== undefined && entry.start !== Date.parse(known.start) && entry.status !== 'TENTATIVE';
  const isOlder = known !== undefined && known.sequence === entry.sequence;
  return { ...time, sequence: entry.sequence + (isByHand && isOlder ? 1 : 0), isByHand };
}
