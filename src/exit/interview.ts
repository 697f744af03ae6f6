import { z } from 'zod';
import { FailureType, FinalFailure } from './failures.js';
import { ContactFields, SentFields } from './people.js';
import type { Step } from './status.js';

/** The exit interview as the invitation has it. A foreign service must send the time only; missing fields become empty. */
export const InterviewFields = z.object({
  /** iCalendar UID (RFC 5545 §3.8.4.7), stable for the exit. */
  uid: z
    .string()
    .optional()
    .transform((uid = '') => uid),
  /** iCalendar SEQUENCE (RFC 5546 §2.1.4): grows with every change of the invitation. */
  sequence: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .transform((sequence = 0) => sequence),
  /** UTC, like the end. */
  start: z.iso.datetime(),
  end: z.iso.datetime(),
  timeZone: z.string(),
  /** The HR partner, and the employee under every known address. */
  attendees: z
    .array(ContactFields)
    .optional()
    .transform((attendees = []) => attendees),
  /** The owner of the calendar entry, who also decides. */
  hrPartner: ContactFields.optional(),
  /** The entry in the HR partner's calendar; absent without a configured calendar, when working hours alone gave the time. */
  calendarUrl: z.string().optional(),
  /** What is special about the time and its entry, such as an end that the calendar keeps otherwise. */
  remarks: z.array(z.string()).optional(),
  /** What is to be mended in a calendar, such as an object that cannot be read. The operator hears of each. */
  faults: z.array(z.string()).optional(),
  /** The invitation mails. */
  sent: z.array(SentFields).optional(),
});
export type Interview = z.output<typeof InterviewFields>;

/**
 * The progress of scheduling, rescheduling or withdrawing, reported durably before each effect. The next attempt keeps the time and does
 * not mail the same person again.
 */
export interface InterviewProgress {
  interview?: Interview | undefined;
  /** Message-IDs. */
  delivered: string[];
}

/** The interview with the higher SEQUENCE. */
export function laterOf(a: Interview | undefined, b: Interview | undefined): Interview | undefined {
  return a && (!b || a.sequence >= b.sequence) ? a : b;
}

/** The note of a withdrawal without an invitation. */
export const noInvitation = 'no invitation had gone out';

/** @param by mail address of the person who requested the time */
export function arrangementNote(
  { attendees, sent, calendarUrl, remarks = [], faults = [] }: Interview,
  by: string | undefined,
): string {
  const addresses = attendees.map(({ email }) => email);
  const accepted = addresses.filter((email) => !sent || sent.some(({ to }) => to === email));
  const refused = addresses.filter((email) => !accepted.includes(email));
  return [
    `invited ${accepted.join(' and ')}`,
    ...(refused.length === 0 ? [] : [`not ${refused.join(' and ')}, where the mail was refused`]),
    ...(by === undefined ? [] : [`at the request of ${by}`]),
    ...(calendarUrl ? [] : ['by working hours alone, since no calendar is configured']),
    ...remarks,
    ...faults,
  ].join(', ');
}

export const arrangedByHand = ({ by }: Step): FinalFailure =>
  new FinalFailure(
    FailureType.DoneByHand,
    `${by} arranged the interview by hand: withdraw it by hand and settle this step`,
  );
