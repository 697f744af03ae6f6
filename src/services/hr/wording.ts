/** All that is said about an interview: in mails, invitations and calendars. */
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee } from '../../exit/people.js';
import { bodyOf, oneLine } from '../protocols/mail-body.js';
import type { InvitationOptions } from './invitation.js';

export type What = 'interview' | 'interview-cancelled';

export interface About {
  employee: Employee;
  /** The time that somebody gave. */
  at?: string | undefined;
}

export function wording(what: What, { employee, at }: About, interview: Interview, organizer: Contact) {
  const { name, email } = hrPartnerOf(interview);
  const when = timeOf(interview);
  const summary = `Exit interview: ${oneLine(employee.displayName)}`;
  const paragraphs =
    what === 'interview'
      ? [
          `You are invited to an exit interview: ${when}.`,
          ...(!interview.calendarUrl && !at
            ? ['It is proposed by working hours; the calendar was not looked at.']
            : []),
          `If the time does not suit you, please write to ${name}, ${email}.`,
        ]
      : [`The exit interview, ${when}, will not take place.`];
  const body = bodyOf(paragraphs);
  const options: InvitationOptions = { organizer, summary, description: body.text };
  return { subject: `${what === 'interview' ? '' : 'Cancelled: '}${summary}`, body, options };
}

function timeOf({ start, end, timeZone }: Interview): string {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone });
  return `${format.formatRange(new Date(start), new Date(end))} (${timeZone})`;
}

/** The interviews of exits that began before it was recorded have it as the last attendee. */
export const hrPartnerOf = ({ hrPartner, attendees }: Interview): Contact => hrPartner ?? attendees.at(-1)!;
