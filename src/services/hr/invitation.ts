/** The interview as an iTIP object (RFC 5546). */
import ical, {
  ICalAttendeeRole,
  ICalAttendeeStatus,
  ICalCalendarMethod,
  ICalEventStatus,
} from 'ical-generator';
import type { Interview } from '../../exit/interview.js';
import type { Contact } from '../../exit/people.js';
import { oneLine } from '../protocols/mail-body.js';

/** Who invites and withdraws. Not an attendee, since calendars ignore invitations from their own owner. */
export interface InvitationOptions {
  organizer: Contact;
  summary: string;
  description: string;
}

/** Invites, and, with a higher SEQUENCE, invites anew. */
export const request = (interview: Interview, options: InvitationOptions): string =>
  itip(interview, options, ICalCalendarMethod.REQUEST, ICalEventStatus.CONFIRMED);

/** Withdraws: the same UID, one SEQUENCE on. */
export const cancel = (interview: Interview, options: InvitationOptions): string =>
  itip(
    { ...interview, sequence: interview.sequence + 1 },
    options,
    ICalCalendarMethod.CANCEL,
    ICalEventStatus.CANCELLED,
  );

function itip(
  { uid, sequence, start, end, attendees }: Interview,
  { organizer, summary, description }: InvitationOptions,
  method: ICalCalendarMethod,
  status: ICalEventStatus,
): string {
  // The library puts a "-" in front of the product id.
  const calendar = ical({ method, prodId: '//EMS//EN' });
  const event = calendar.createEvent({
    id: uid,
    sequence,
    stamp: new Date(),
    start: new Date(start),
    end: new Date(end),
    summary,
    description,
    status,
    organizer: { name: parameter(organizer.name), email: organizer.email },
  });
  for (const { name, email } of attendees) {
    event.createAttendee({
      name: parameter(name),
      email,
      role: ICalAttendeeRole.REQ,
      status: ICalAttendeeStatus.NEEDSACTION,
      rsvp: method === ICalCalendarMethod.REQUEST,
    });
  }
  return calendar.toString();
}

/** RFC 6868: the library's backslash does not keep a quote from ending the value, and the rest would be read as calendar syntax. */
const parameter = (text: string): string => oneLine(text).replaceAll('^', '^^').replaceAll('"', "^'");
