/** Renders the interview as an iTIP object (RFC 5546), and as a CalDAV object (RFC 4791). */
import ical, {
  ICalAttendeeRole,
  type ICalAttendeeScheduleAgent,
  ICalAttendeeStatus,
  ICalCalendarMethod,
  ICalEventStatus,
} from 'ical-generator';
import type { Interview } from '../../exit/interview.js';
import type { Contact } from '../../exit/people.js';
import { oneLine } from '../protocols/mail-body.js';

export interface InvitationOptions {
  /** Not an attendee, since calendars ignore invitations from their own owner. */
  organizer: Contact;
  summary: string;
  description: string;
}

/** METHOD:REQUEST (RFC 5546 §3.2.2): an invitation, or with a higher SEQUENCE, its update. */
export const request = (interview: Interview, options: InvitationOptions): string =>
  calendarOf(interview, options, {
    method: ICalCalendarMethod.REQUEST,
    status: ICalEventStatus.CONFIRMED,
    stamp: new Date(),
  });

/** METHOD:CANCEL (RFC 5546 §3.2.5), with the same UID and the next SEQUENCE. */
export const cancel = (interview: Interview, options: InvitationOptions): string =>
  calendarOf({ ...interview, sequence: interview.sequence + 1 }, options, {
    method: ICalCalendarMethod.CANCEL,
    status: ICalEventStatus.CANCELLED,
    stamp: new Date(),
  });

/** The object in the HR partner's calendar. A stored object has no METHOD (RFC 4791 §4.1). */
export const entryOf = (interview: Interview, options: InvitationOptions, stamp: Date): string =>
  calendarOf(interview, options, { status: ICalEventStatus.CONFIRMED, stamp });

function calendarOf(
  { uid, sequence, start, end, attendees }: Interview,
  { organizer, summary, description }: InvitationOptions,
  { method, status, stamp }: { method?: ICalCalendarMethod; status: ICalEventStatus; stamp: Date },
): string {
  // The library puts a "-" in front of the product id.
  const calendar = ical({ method: method ?? null, prodId: '//EMS//EN' });
  const event = calendar.createEvent({
    id: uid,
    sequence,
    stamp,
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
      rsvp: method !== ICalCalendarMethod.CANCEL,
      // Keeps a scheduling server from sending a second invitation (RFC 6638 §7.1).
      ...(!method && { scheduleAgent: 'CLIENT' as ICalAttendeeScheduleAgent }),
    });
  }
  return calendar.toString();
}

/** Escapes a parameter value (RFC 6868): the library's backslash lets a quote end the value, and inject iCalendar syntax. */
const parameter = (text: string): string => oneLine(text).replaceAll('^', '^^').replaceAll('"', "^'");
