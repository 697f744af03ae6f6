import { FailureType, FinalFailure } from './failures.js';
import type { Contact, Sent } from './people.js';
import type { Step } from './status.js';

/** The exit interview, as invited for. */
export interface Interview {
  /** iCalendar UID, stable for the exit. */
  uid: string;
  /** iCalendar SEQUENCE (RFC 5546 §2.1.4): grows with every change of the invitation. */
  sequence: number;
  /** ISO 8601, UTC. */
  start: string;
  /** ISO 8601, UTC. */
  end: string;
  timeZone: string;
  /** The employee, under every address that we have, and the HR partner. */
  attendees: Contact[];
  /** Whose calendar it is in, and who is asked for the decision. */
  hrPartner?: Contact | undefined;
  /** The entry in the HR partner's calendar; absent where none is configured, and the time was proposed by working hours alone. */
  calendarUrl?: string | undefined;
  /** The mails that announced it. */
  sent?: Sent[] | undefined;
}

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
