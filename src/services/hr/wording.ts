/** The texts on an interview: of its mails, invitations and calendar entry. */
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee } from '../../exit/people.js';
import { linkTo } from '../mails/mail-basics.js';
import type { MailTemplates } from '../mails/templates.js';
import { interviewMail } from './interview-mail.js';
import type { InvitationOptions } from './invitation.js';

export type What = 'interview' | 'interview-cancelled';

export interface About {
  exitId: string;
  employee: Employee;
  /** The interview as last announced, where it is moved or cancelled. */
  interview?: Interview | undefined;
  /** The interview with the former HR partner, where another one has taken it over. */
  former?: Interview | undefined;
  /** The time that a person gave, ISO 8601. */
  at?: string | undefined;
  /** The name of the HR partner who holds it instead of the recipient. */
  heldBy?: string | undefined;
}

export interface Wording {
  templates: MailTemplates;
  organisation: { name: string; consoleUrl: string };
  organizer: Contact;
}

/** @param isForPartner to the HR partner, or for their calendar: who has taken the interview over was not invited before */
export function wording(
  what: What,
  { exitId, employee, interview: present, former, at, heldBy }: About,
  interview: Interview,
  { templates, organisation, organizer }: Wording,
  isForPartner: boolean,
) {
  const invited = former ? (isForPartner ? 'invitation' : 'handed-over') : undefined;
  const kind =
    what === 'interview-cancelled' ? 'cancelled' : (invited ?? (present ? 'rescheduled' : 'invitation'));
  const { summary, ...mail } = interviewMail(kind, {
    templates,
    organisation,
    link: isForPartner ? linkTo(exitId, organisation) : null,
    employee,
    interview,
    hrPartner: hrPartnerOf(interview),
    heldBy,
    isMoved: former?.start !== interview.start,
    isByWorkingHoursAlone: !interview.calendarUrl && !at,
  });
  const options: InvitationOptions = { organizer, summary, description: mail.text };
  return { mail, options };
}

/** The last attendee where another publisher's event omits `hrPartner`. */
export const hrPartnerOf = ({ hrPartner, attendees }: Interview): Contact => hrPartner ?? attendees.at(-1)!;
