/** The interview as an iTIP object (RFC 5546), and as an entry of a calendar (RFC 4791). */
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

/** Who invites and withdraws. Not an attendee, since calendars ignore invitations from their own owner. */
export interface InvitationOptions {
  organizer: Contact;
  summary: string;
  description: string;
}

/** Invites, and, with a higher SEQUENCE, invites anew. */
export const request = (interview: Interview, options: InvitationOptions): string =>
  calendarOf(interview, options, {
    method: ICalCalendarMethod.REQUEST,
    status: ICalEventStatus.CONFIRMED,
    stamp: new Date(),
  });

/** Withdraws: the same UID, one SEQUENCE on. */
export const cancel = (interview: Interview, options: InvitationOptions): string =>
  calendarOf({ ...interview, sequence: interview.sequence + 1 }, options, {
    method: ICalCalendarMethod.CANCEL,
    status: ICalEventStatus.CANCELLED,
    stamp: new Date(),
  });

/** The entry in the HR partner's calendar. A stored object has no METHOD (RFC 4791 §4.1). */
export const entryOf = (
  interview: Interview,
  options: InvitationOptions,
  status: 'TENTATIVE' | 'CONFIRMED',
  stamp: Date,
): string => calendarOf(interview, options, { status: ICalEventStatus[status], stamp });

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
      // A server that sends invitations by itself (RFC 6638 §7.1) would invite everybody a second time.
      ...(!method && { scheduleAgent: 'CLIENT' as ICalAttendeeScheduleAgent }),
    });
  }
  return calendar.toString();
}

/** RFC 6868: the library's backslash does not keep a quote from ending the value, and the rest would be read as calendar syntax. */
const parameter = (text: string): string => oneLine(text).replaceAll('^', '^^').replaceAll('"', "^'");
