/** What the mails about the interview say. In the employee's language for everybody, since one calendar entry has one text. */
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee } from '../../exit/people.js';
import { basicsOf } from '../mails/about.js';
import type { MailTemplates } from '../mails/templates.js';

interface InterviewMailOptions {
  templates: MailTemplates;
  organisation: { name: string };
  employee: Employee;
  interview: Pick<Interview, 'start' | 'end' | 'timeZone'>;
  hrPartner: Contact;
  /** The time was proposed without a look at anybody's calendar. */
  isByWorkingHoursAlone: boolean;
}

export function interviewMail(
  what: 'invitation' | 'rescheduled' | 'cancelled',
  { templates, organisation, employee, interview, hrPartner, isByWorkingHoursAlone }: InterviewMailOptions,
) {
  const { start, end, timeZone } = interview;
  const { employeeId, language } = employee;
  const data = {
    ...basicsOf(organisation, null, { employeeId, employee }),
    ...{ start, end, timeZone, hrPartner },
    isByWorkingHoursAlone,
  };
  // Of the calendar entry: the same however often it moves, and when it is withdrawn.
  const { subject: summary } = templates.render('interview-invitation', language, data);
  return { ...templates.render(`interview-${what}`, language, data), summary };
}
