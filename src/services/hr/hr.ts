/** The exit interview: finds a time, invites the employee and the HR partner by iMIP (RFC 6047), and withdraws. */
import type { InterviewPolicy } from '../../config.js';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { interviewUid, messageId } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee } from '../../exit/people.js';
import type { Deliveries, Mailer } from '../protocols/smtp.js';
import type { MailTemplates } from '../mails/templates.js';
import { interviewMail } from './interview-mail.js';
import { cancel, request } from './invitation.js';
import { findSlot } from './slots.js';

export interface HrOptions {
  mailer: Mailer;
  templates: MailTemplates;
  organisation: { name: string; domain: string };
  policy: InterviewPolicy;
  hrPartner: Contact;
  /** Sends and organises the invitations. */
  from: Contact;
  now?: () => Date;
}

interface InterviewFor {
  exitId: string;
  employee: Employee;
  openedAt: string;
  lastWorkingDay?: string | undefined;
}

export interface Withdrawal {
  withdrawn: boolean;
  note?: string | undefined;
}

export type HrService = ReturnType<typeof createHrService>;

export function createHrService({
  mailer,
  templates,
  organisation,
  policy,
  hrPartner,
  from,
  now = () => new Date(),
}: HrOptions) {
  const { domain } = organisation;

  function propose({ exitId, employee, openedAt, lastWorkingDay }: InterviewFor): Interview {
    const { index, start, end } = findSlot(policy, openedAt, lastWorkingDay, now());
    return {
      uid: interviewUid(exitId, domain),
      sequence: index,
      start,
      end,
      timeZone: policy.timeZone,
      attendees: [contactOf(employee), hrPartner],
    };
  }

  /** Undefined where scheduling fails before anybody is invited. */
  function proposable(about: InterviewFor): Interview | undefined {
    try {
      return propose(about);
    } catch (error) {
      if (error instanceof FinalFailure) return undefined;
      throw error;
    }
  }

  async function sendToAll(
    what: 'interview' | 'interview-cancelled',
    { exitId, employee }: InterviewFor,
    interview: Interview,
    deliveries: Deliveries,
    signal: AbortSignal,
  ): Promise<void> {
    const isRequest = what === 'interview';
    const { summary, ...mail } = interviewMail(isRequest ? 'invitation' : 'cancelled', {
      templates,
      organisation,
      employee,
      interview,
      hrPartner,
      isByWorkingHoursAlone: interview.calendarUrl === undefined,
    });
    const options = { organizer: from, summary, description: mail.text };
    const calendar = isRequest
      ? { method: 'REQUEST' as const, content: request(interview, options) }
      : { method: 'CANCEL' as const, content: cancel(interview, options) };

    for (const to of interview.attendees) {
      const id = messageId(exitId, `${what}.${interview.sequence}`, to.email, domain);
      if (deliveries.has(id)) continue;
      await mailer.send({ to, ...mail, messageId: id, calendar }, signal);
      await deliveries.add(id);
    }
  }

  return {
    /** @throws FinalFailure NoInterviewSlot, AddressRefused, Refused */
    async scheduleInterview(
      about: InterviewFor,
      deliveries: Deliveries,
      signal: AbortSignal,
    ): Promise<Interview> {
      const interview = propose(about);
      await sendToAll('interview', about, interview, deliveries, signal);
      return interview;
    },

    /**
     * Withdraws the invitation, unless the interview has taken place.
     * @param about.interview absent where scheduling was given up and nobody saw whether an invitation went out: the same one is
     *   worked out again and withdrawn, since a calendar ignores the end of what it never had
     */
    async cancelInterview(
      about: InterviewFor & { interview?: Interview | undefined },
      deliveries: Deliveries,
      signal: AbortSignal,
    ): Promise<Withdrawal> {
      const interview = about.interview ?? proposable(about);
      if (!interview)
        return { withdrawn: false, note: 'no invitation can be out for a time that is still ahead' };
      if (Date.parse(interview.start) <= now().getTime()) {
        return { withdrawn: false, note: 'the interview had already begun' };
      }
      await sendToAll('interview-cancelled', about, interview, deliveries, signal);
      return { withdrawn: true };
    },
  };
}

function contactOf({ employeeId, displayName, email }: Employee): Contact {
  if (email) return { name: displayName, email };
  throw new FinalFailure(
    FailureType.AddressRefused,
    `The directory has no mail address for ${displayName} (${employeeId}): invite them by hand, or add one and retry`,
  );
}
