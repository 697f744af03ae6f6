/**
 * The exit interview: finds and books a free time in the HR partner's calendar, and invites the attendees by iMIP (RFC 6047). Moves and
 * cancels it as well. After a failure at any point a method can be retried with the same memory.
 */
import type { InterviewPolicy } from '../../config/config.js';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { interviewUid } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee, Sent } from '../../exit/people.js';
import type { MailTemplates } from '../mails/templates.js';
import type { Mailer } from '../protocols/smtp.js';
import { announce, contactsOf } from './announcement.js';
import { firstFree, book, remove } from './booking.js';
import { entryOf } from './invitation.js';
import type { Memory } from './memory.js';
import { describeWindow, secondOf, slotOf, slotsWithin, type Slot, type Time, type Window } from './slots.js';
import { findEntry, latestOf, entryWith, type HrPartner, type PartnerEntry } from './partner-entry.js';
import { hrPartnerOf, wording } from './wording.js';

export type { HrPartner } from './partner-entry.js';

interface HrOptions {
  mailer: Mailer;
  templates: MailTemplates;
  organisation: { name: string; domain: string };
  policy: InterviewPolicy;
  /** In order of preference: the first one with a free time is invited. */
  partners: readonly [HrPartner, ...HrPartner[]];
  /** The sender and ORGANIZER of the invitations. */
  from: Contact;
  now?: () => Date;
}

interface InterviewFor {
  exitId: string;
  employee: Employee;
  openedAt: string;
  lastWorkingDay?: string | undefined;
}

/** A time that a person gives, ISO 8601 in UTC. It need not be free or within working hours. */
interface Given {
  at?: string | undefined;
}

export interface Withdrawal {
  withdrawn: boolean;
  note?: string | undefined;
  /** The mails of the cancellation. */
  sent?: Sent[] | undefined;
}

export type HrService = ReturnType<typeof createHrService>;

export function createHrService({
  mailer,
  templates,
  organisation,
  policy,
  partners,
  from,
  now = () => new Date(),
}: HrOptions) {
  const { domain } = organisation;
  const words = { templates, organisation, organizer: from };
  const announcer = { mailer, domain, words, now };
  const isAhead = ({ start }: { start: string }): boolean => Date.parse(start) > now().getTime();

  /** @throws FinalFailure NoInterviewSlot */
  function given(at: string): Time {
    const start = secondOf(at);
    if (start !== undefined && start > now().getTime())
      return slotOf({ start, end: start + policy.duration });
    throw new FinalFailure(
      FailureType.NoInterviewSlot,
      `An interview cannot be at ${at}, which ${start === undefined ? 'is not a time in UTC' : 'has passed'}: give a future time`,
    );
  }

  function interviewOf({ exitId, employee }: InterviewFor, { contact, calendar }: HrPartner): Invited {
    const uid = interviewUid(exitId, domain);
    return {
      uid,
      timeZone: policy.timeZone,
      attendees: [...contactsOf(employee), contact],
      hrPartner: contact,
      ...(calendar && { calendarUrl: calendar.urlOf(uid) }),
    };
  }

  /**
   * Books the interview at the time of an earlier attempt, at the given time, or at the first free slot. SEQUENCE grows with each
   * change, and only then.
   * @param about.interview the interview to move, as last announced
   * @returns undefined where this calendar has no free slot
   */
  async function arrange(
    about: InterviewFor & { interview?: Interview | undefined },
    { partner, entry }: PartnerEntry,
    { time, slots }: { time: Time | undefined; slots: readonly Slot[] },
    memory: Memory,
    signal: AbortSignal,
  ): Promise<Interview | undefined> {
    const { calendar, contact } = partner;
    const { interview: present } = about;
    const known = memory.interview ?? present;
    const latest = latestOf(entry, known);
    const isHere = entry !== undefined || (known !== undefined && hrPartnerOf(known).email === contact.email);
    const isSettled =
      latest !== undefined &&
      isHere &&
      latest.sequence > (present?.sequence ?? -1) &&
      (time ? latest.start === time.start : isAhead(latest) && latest.start !== present?.start);

    const invited = present ?? interviewOf(about, partner);
    const own = entry && { uid: invited.uid, period: entry };
    const free =
      isSettled || time ? undefined : calendar ? await firstFree(calendar, slots, own, signal) : slots[0];
    const slot = isSettled ? latest : (time ?? free);
    if (!slot) return undefined;
    // Without a calendar entry, SEQUENCE starts at the slot's index: after a reset a later slot still supersedes an earlier one.
    const first = calendar ? 0 : (free?.index ?? 0);
    const sequence = isSettled ? latest.sequence : latest ? latest.sequence + 1 : first;
    const wanted = { ...invited, sequence, start: slot.start, end: slot.end };
    if (!calendar) return wanted;
    const booking = {
      calendar,
      slots,
      isGiven: time !== undefined || (isSettled && latest.isByHand),
      domain,
      now,
      recordInterview: memory.recordInterview,
      textOf: (interview: Interview, status: 'TENTATIVE' | 'CONFIRMED') =>
        entryOf(interview, wording('interview', about, interview, words).options, status, now()),
    };
    return book({ ...wanted, calendarUrl: calendar.urlOf(invited.uid) }, booking, signal);
  }

  /** The invitation that an unrecorded attempt may have sent, for a partner without a calendar. */
  function proposable(about: InterviewFor): Interview | undefined {
    const partner = partners.find(({ calendar }) => !calendar);
    const { openedAt: since, lastWorkingDay, employee } = about;
    const [slot] = slotsWithin(policy, { since, lastWorkingDay, after: now() });
    if (!partner || !slot || !(employee.email || employee.personalEmail)) return undefined;
    return {
      ...interviewOf(about, partner),
      sequence: slot.index,
      start: slot.start,
      end: slot.end,
    };
  }

  function noSlot(
    window: Window,
    slots: readonly Slot[],
    looked: readonly HrPartner[],
    rest = '',
  ): FinalFailure {
    const [first, last] = [slots[0], slots.at(-1)];
    const among = looked.map(({ contact, calendar }) => calendar?.name ?? contact.name).join(' and ');
    return new FinalFailure(
      FailureType.NoInterviewSlot,
      first && last
        ? `No interview fits ${describeWindow(policy, window)}: all ${slots.length} slots from ${first.start} to ${last.end} ` +
            `are taken in ${among}${rest}: free a time and retry, give a time, or arrange it by hand`
        : `No future interview fits ${describeWindow(policy, window)}${rest}: arrange it by hand`,
    );
  }

  return {
    /**
     * A calendar that does not answer is an outage, also where another HR partner has time. It may have an entry of ours, and another
     * one would be a second interview.
     * @throws FinalFailure NoInterviewSlot, AddressRefused, Refused
     */
    async scheduleInterview(
      about: InterviewFor & Given,
      memory: Memory,
      signal: AbortSignal,
    ): Promise<Interview> {
      const { exitId, openedAt: since, lastWorkingDay, employee, at } = about;
      contactsOf(employee);
      const time = at === undefined ? undefined : given(at);
      const window = { since, lastWorkingDay, after: now() };
      const slots = slotsWithin(policy, window);
      const begun =
        (await findEntry(partners, interviewUid(exitId, domain), signal)) ??
        (memory.interview && (await entryWith(partners, memory.interview, signal)));
      const others = partners.filter(({ contact }) => contact.email !== begun?.partner.contact.email);
      for (const place of [begun ?? [], others.map((partner) => ({ partner, entry: undefined }))].flat()) {
        const interview = await arrange(about, place, { time, slots }, memory, signal);
        if (interview) {
          const sent = await announce('interview', about, interview, announcer, memory, signal);
          return { ...interview, sent };
        }
        const { calendar } = place.partner;
        if (calendar) await remove(calendar, interviewUid(exitId, domain), signal);
      }
      throw noSlot(window, slots, partners);
    },

    /**
     * Moves the interview to the given time, or to the next free time after the present one. The HR partner stays the same. Lead time and
     * working days count from now.
     * @throws FinalFailure NoInterviewSlot, AddressRefused, Refused, NothingToGoOn
     */
    async rescheduleInterview(
      about: InterviewFor & Given & { interview: Interview },
      memory: Memory,
      signal: AbortSignal,
    ): Promise<Interview> {
      const { interview: present, lastWorkingDay, at } = about;
      const time = at === undefined ? undefined : given(at);
      // The new time must not overlap the present one.
      const after = new Date(Math.max(now().getTime(), Date.parse(present.end) - 1));
      const window = { since: now().toISOString(), lastWorkingDay, after };
      const slots = slotsWithin(policy, window);
      const place = await entryWith(partners, present, signal);
      const interview = await arrange(about, place, { time, slots }, memory, signal);
      if (interview) {
        const sent = await announce('interview', about, interview, announcer, memory, signal);
        return { ...interview, sent };
      }
      // The new time was lost to another exit: the entry moves back to the announced time.
      if (memory.interview)
        await arrange(
          about,
          await entryWith(partners, present, signal),
          { time: present, slots },
          memory,
          signal,
        );
      throw noSlot(window, slots, [place.partner], `; it stays at ${present.start}`);
    },

    /**
     * Cancels the invitation and removes the entry, unless the interview has begun.
     * @param about.interview absent where scheduling was aborted without a report. Then every calendar is searched for our entry. Without a
     *   calendar the same invitation is derived again, since calendar programs ignore a CANCEL with an unknown UID
     * @throws FinalFailure AddressRefused, Refused, NothingToGoOn
     */
    async cancelInterview(
      about: InterviewFor & { interview?: Interview | undefined },
      memory: Memory,
      signal: AbortSignal,
    ): Promise<Withdrawal> {
      const { exitId, interview: known } = about;
      if (!memory.interview) {
        const place = known
          ? await entryWith(partners, known, signal)
          : await findEntry(partners, interviewUid(exitId, domain), signal);
        const latest = latestOf(place?.entry, known);
        const interview =
          place && latest
            ? { ...(known ?? interviewOf(about, place.partner)), ...timeAndSequenceOf(latest) }
            : proposable(about);
        if (!interview)
          return { withdrawn: false, note: 'no invitation to a future time can have been sent' };
        if (!isAhead(interview)) return { withdrawn: false, note: 'the interview had already begun' };
        await memory.recordInterview(interview);
      }
      const interview = memory.interview!;
      const { calendar } = (await entryWith(partners, interview, signal)).partner;
      // The entry first: the memory has its time and SEQUENCE by now.
      if (calendar) await remove(calendar, interview.uid, signal);
      const sent = await announce('interview-cancelled', about, interview, announcer, memory, signal);
      return { withdrawn: true, sent };
    },
  };
}

/** An interview without its time. */
type Invited = Omit<Interview, 'sequence' | 'start' | 'end'>;

const timeAndSequenceOf = ({ start, end, sequence }: Time & { sequence: number }) => ({
  start,
  end,
  sequence,
});
