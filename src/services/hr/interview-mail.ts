/** Renders the mails on the interview. All are in the employee's language, since one calendar entry has one text. */
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee } from '../../exit/people.js';
import { basicsOf } from '../mails/mail-basics.js';
import type { MailTemplates } from '../mails/templates.js';
import { isAtAnotherTime } from './slots.js';

interface InterviewMailOptions {
  templates: MailTemplates;
  organisation: { name: string };
  /** The exit in the console; null for the employee. */
  link: string | null;
  employee: Employee;
  interview: Pick<Interview, 'start' | 'end' | 'timeZone'>;
  hrPartner: Contact;
  /** The time was proposed without a calendar. */
  isByWorkingHoursAlone: boolean;
  /** The HR partner who holds it instead of the recipient. */
  heldBy?: string | undefined;
  /** It has another time than before. */
  isMoved?: boolean | undefined;
}

export function interviewMail(
  what: 'invitation' | 'rescheduled' | 'handed-over' | 'cancelled',
  options: InterviewMailOptions,
) {
  const {
    templates,
    organisation,
    link,
    employee,
    interview,
    hrPartner,
    isByWorkingHoursAlone,
    heldBy = null,
    isMoved = false,
  } = options;
  const { start, end, timeZone } = interview;
  const { employeeId, language, timeZone: theirs } = employee;
  const data = {
    ...basicsOf(organisation, null, { employeeId, employee }),
    ...{ link, start, end, timeZone, hrPartner },
    // Their own clock, where it shows another time.
    employeeTimeZone: theirs !== undefined && isAtAnotherTime(start, timeZone, theirs) ? theirs : null,
    isByWorkingHoursAlone,
    heldBy,
    isMoved,
  };
  // The SUMMARY of the calendar entry is the same after a move and in a cancellation.
  const { subject: summary } = templates.render('interview-invitation', language, data);
  return { ...templates.render(`interview-${what}`, language, data), summary };
}
