/** All that is said about an interview: in mails, invitations and calendars. */
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee } from '../../exit/people.js';
import type { MailTemplates } from '../mails/templates.js';
import { interviewMail } from './interview-mail.js';
import type { InvitationOptions } from './invitation.js';

export type What = 'interview' | 'interview-cancelled';

export interface About {
  employee: Employee;
  /** What everybody knows, where it is moved or withdrawn. */
  interview?: Interview | undefined;
  /** The time that somebody gave. */
  at?: string | undefined;
}

export interface Wording {
  templates: MailTemplates;
  organisation: { name: string };
  organizer: Contact;
}

export function wording(
  what: What,
  { employee, interview: present, at }: About,
  interview: Interview,
  { templates, organisation, organizer }: Wording,
) {
  const kind = what === 'interview-cancelled' ? 'cancelled' : present ? 'rescheduled' : 'invitation';
  const { summary, ...mail } = interviewMail(kind, {
    templates,
    organisation,
    employee,
    interview,
    hrPartner: hrPartnerOf(interview),
    isByWorkingHoursAlone: !interview.calendarUrl && !at,
  });
  const options: InvitationOptions = { organizer, summary, description: mail.text };
  return { mail, options };
}

/** Where a service of a stranger does not say, the last attendee. */
export const hrPartnerOf = ({ hrPartner, attendees }: Interview): Contact => hrPartner ?? attendees.at(-1)!;
