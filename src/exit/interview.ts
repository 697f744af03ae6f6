import { z } from 'zod';
import { FailureType, FinalFailure } from './failures.js';
import { ContactFields, SentFields } from './people.js';
import type { Step } from './status.js';

/** The exit interview, as invited for. Only the time has to be said: what a service of somebody else's leaves unsaid is empty. */
export const InterviewFields = z.object({
  /** iCalendar UID, stable for the exit. */
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
  /** The employee, under every address that we have, and the HR partner. */
  attendees: z
    .array(ContactFields)
    .optional()
    .transform((attendees = []) => attendees),
  /** Whose calendar it is in, and who is asked for the decision. */
  hrPartner: ContactFields.optional(),
  /** The entry in the HR partner's calendar; absent where none is configured, and the time was proposed by working hours alone. */
  calendarUrl: z.string().optional(),
  /** The mails that announced it. */
  sent: z.array(SentFields).optional(),
});
export type Interview = z.output<typeof InterviewFields>;

/**
 * What scheduling, rescheduling or withdrawing has reached so far, reported durably before each effect, so that the next attempt goes
 * on with the same time and does not write to the same person again.
 */
export interface InterviewProgress {
  interview?: Interview | undefined;
  /** Message-IDs. */
  delivered: string[];
}

/** The newer of two times that an invitation may be out for. */
export function laterOf(a: Interview | undefined, b: Interview | undefined): Interview | undefined {
  return a && (!b || a.sequence >= b.sequence) ? a : b;
}

/** Why there was nothing to withdraw, where it never was known whom to invite. */
export const noInvitation = 'no invitation had gone out';

/** @param by who asked for the time */
export const arrangementNote = ({ attendees, calendarUrl }: Interview, by: string | undefined): string =>
  [
    `invited ${attendees.map(({ email }) => email).join(' and ')}`,
    ...(by === undefined ? [] : [`on the word of ${by}`]),
    ...(calendarUrl ? [] : ['by working hours alone, since no calendar is configured']),
  ].join(', ');

export const arrangedByHand = ({ by }: Step): FinalFailure =>
  new FinalFailure(
    FailureType.DoneByHand,
    `the interview was arranged by hand by ${by}: withdraw it by hand and settle this step`,
  );
