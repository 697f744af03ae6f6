/** The exit interview: finds a time, invites the employee and the HR partner by iMIP (RFC 6047), and withdraws. */
import type { InterviewPolicy } from '../../config.js';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { interviewUid, messageId } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee } from '../../exit/people.js';
import type { Deliveries, Mailer } from '../protocols/smtp.js';
import { bodyOf, oneLine } from '../protocols/mail-body.js';
import { cancel, request } from './invitation.js';
import { findSlot } from './slots.js';

export interface HrOptions {
  mailer: Mailer;
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
    const summary = `Exit interview: ${oneLine(employee.displayName)}`;
    const when = timeOf(interview);
    const paragraphs = isRequest
      ? [
          `You are invited to an exit interview: ${when}.`,
          `If the time does not suit you, please write to ${hrPartner.name}, ${hrPartner.email}.`,
        ]
      : [`The exit interview, ${when}, will not take place.`];
    const body = bodyOf(paragraphs);
    const options = { organizer: from, summary, description: body.text };
    const calendar = isRequest
      ? { method: 'REQUEST' as const, content: request(interview, options) }
      : { method: 'CANCEL' as const, content: cancel(interview, options) };

    for (const to of interview.attendees) {
      const id = messageId(exitId, `${what}.${interview.sequence}`, to.email, domain);
      if (deliveries.has(id)) continue;
      const subject = `${isRequest ? '' : 'Cancelled: '}${summary}`;
      await mailer.send({ to, subject, ...body, messageId: id, calendar }, signal);
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

function timeOf({ start, end, timeZone }: Interview): string {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone });
  return `${format.formatRange(new Date(start), new Date(end))} (${timeZone})`;
}
