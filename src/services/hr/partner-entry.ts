/** The HR partner of an interview, and its entry in their calendar. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Interview } from '../../exit/interview.js';
import { isConcerned } from '../../exit/acting.js';
import { isSameIdentity, transportAddress } from '../../exit/mail-address.js';
import type { Contact, Employee } from '../../exit/people.js';
import type { Calendar, Entry, Sought } from '../protocols/caldav.js';
import { isSamePeriod, periodOf, slotOf, type Time } from './slots.js';
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

/**
 * @param successor the HR partner who has taken the exit over
 * @returns those who can hold the interview: the successor, or all but the employee, in order of preference
 * @throws FinalFailure NoInterviewSlot where each of them is the employee
 */
export function partnersFor(
  partners: readonly HrPartner[],
  employee: Employee,
  successor: Contact | undefined,
): HrPartner[] {
  if (successor)
    return [
      partners.find(({ contact }) => isSameIdentity(contact.email, successor.email)) ?? {
        contact: successor,
      },
    ];
  const others = partners.filter(({ contact }) => !isConcerned(contact.email, employee));
  if (others.length > 0) return others;
  throw new FinalFailure(
    FailureType.NoInterviewSlot,
    `The employee is the only HR partner, and cannot interview themselves: hand the exit over, or arrange it by hand`,
  );
}

/**
 * HR partners may share a calendar, also under two addresses.
 * @param other another HR partner, before or after
 * @returns whether the entry is that of the interview as it was with one of them
 */
export function isEntryOf(entry: Entry, interview: Interview, other: Contact): boolean {
  const { calendarUrl } = interview;
  if (calendarUrl && new URL(calendarUrl).href === new URL(entry.url).href) return true;
  return lists(entry, hrPartnerOf(interview).email) && !lists(entry, other.email);
}

export function lists({ attendees }: Entry, email: string): boolean {
  const address = (one: string): string => (transportAddress(one) ?? one).toLowerCase();
  return attendees.some((attendee) => address(attendee.email) === address(email));
}

interface Latest extends Time {
  sequence: number;
  isByHand: boolean;
}

/**
 * @param refused gets the failure of a calendar that refuses to be read
 * @returns the entry of an earlier attempt, perhaps unannounced, from any calendar
 */
export async function findEntry(
  partners: readonly HrPartner[],
  sought: Sought,
  refused: (partner: HrPartner, failure: FinalFailure) => void,
  signal: AbortSignal,
): Promise<PartnerEntry | undefined> {
  for (const partner of partners) {
    try {
      const { calendar } = partner;
      // An address of one calendar says nothing about another.
      const url = sought.url && calendar?.has(sought.url) ? sought.url : undefined;
      const entry = await calendar?.find({ ...sought, url }, signal);
      if (entry) return { partner, entry };
    } catch (error) {
      if (!(error instanceof FinalFailure)) throw error;
      refused(partner, error);
    }
  }
  return undefined;
}

/** @throws FinalFailure NothingToGoOn where the interview's calendar has left the configuration */
export async function entryWith(
  partners: readonly HrPartner[],
  interview: Interview,
  sought: Sought,
  signal: AbortSignal,
): Promise<PartnerEntry> {
  const contact = hrPartnerOf(interview);
  const partner = partners.find(({ contact: { email } }) => email === contact.email) ?? { contact };
  if (interview.calendarUrl && !partner.calendar?.has(interview.calendarUrl)) {
    throw new FinalFailure(
      FailureType.NothingToGoOn,
      `The calendar of the interview has left the configuration, ${interview.calendarUrl}: ` +
        `change it there and write to ${interview.attendees.map(({ email }) => email).join(' and ')} by hand`,
    );
  }
  return { partner, entry: await partner.calendar?.find(sought, signal) };
}

/**
 * @param announced the interview as last announced. Its SEQUENCE is the least that the entry had, also where the server keeps none
 * @returns the latest time: the recorded one, unless the calendar has a newer entry
 * @throws FinalFailure CannotTell where the time of the newer entry cannot be told
 */
export function latestOf(
  { partner, entry }: PartnerEntry,
  known: Interview | undefined,
  announced: Interview | undefined,
): Latest | undefined {
  const sequence = Math.max(entry?.sequence ?? 0, announced?.sequence ?? 0);
  if (known && (!entry || known.sequence > sequence)) return { ...known, isByHand: false };
  if (!entry) return undefined;
  if (typeof entry.time === 'string')
    throw cannotTellWhen(partner.calendar?.name ?? partner.contact.name, entry.time);
  // The HR partner moved it in the calendar, or made it longer: that time counts, and has not been announced.
  const isByHand = known !== undefined && !isSamePeriod(entry.time, periodOf(known));
  const isOlder = known !== undefined && known.sequence === sequence;
  return { ...slotOf(entry.time), sequence: sequence + (isByHand && isOlder ? 1 : 0), isByHand };
}

export const cannotTellWhen = (calendar: string, why: string): FinalFailure =>
  new FinalFailure(
    FailureType.CannotTell,
    `Cannot tell when the interview is in ${calendar}: ${why}. Move the entry there and retry, or give a time`,
  );
