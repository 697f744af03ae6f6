/**
 * The exit interview: finds a time that is free in the HR partner's calendar, keeps it there, invites everybody by iMIP (RFC 6047),
 * moves and withdraws. Every method can be called again after a failure at any point, with what it had reported.
 */
import type { InterviewPolicy } from '../../config/config.js';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { interviewUid } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import type { Contact, Employee, Sent } from '../../exit/people.js';
import type { MailTemplates } from '../mails/templates.js';
import type { Mailer } from '../protocols/smtp.js';
import { announce, contactsOf } from './announcement.js';
import { firstFree, keep, remove } from './booking.js';
import { entryOf } from './invitation.js';
import type { Memory } from './memory.js';
import { describeWindow, secondOf, slotOf, slotsWithin, type Slot, type Time, type Window } from './slots.js';
import { findEntry, latestOf, standingOf, type HrPartner, type Standing } from './standing.js';
import { hrPartnerOf, wording } from './wording.js';

export type { HrPartner } from './standing.js';

interface HrOptions {
  mailer: Mailer;
  templates: MailTemplates;
  organisation: { name: string; domain: string };
  policy: InterviewPolicy;
  /** The first who has time is taken. */
  partners: readonly [HrPartner, ...HrPartner[]];
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

/** A time that somebody gives, ISO 8601 in UTC: it need not be free, or inside of the working hours. */
interface Given {
  at?: string | undefined;
}

export interface Withdrawal {
  withdrawn: boolean;
  note?: string | undefined;
  /** The mails that said so. */
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
      `An interview cannot be at ${at}, which ${start === undefined ? 'is not a time in UTC' : 'has passed'}: give a time that is ahead`,
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
   * Keeps the interview at the time that an earlier attempt settled on, or else at the given one, or else at the first of the slots that
   * is free. SEQUENCE grows with every change and only then.
   * @param about.interview what everybody knows, where that is to be changed
   * @returns undefined when no slot is left in this calendar
   */
  async function arrange(
    about: InterviewFor & { interview?: Interview | undefined },
    { partner, entry }: Standing,
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
    // Without an entry that keeps it, the number of the slot stands for what nobody remembers after a reset.
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
      decide: memory.decide,
      textOf: (interview: Interview, status: 'TENTATIVE' | 'CONFIRMED') =>
        entryOf(interview, wording('interview', about, interview, words).options, status, now()),
    };
    return keep({ ...wanted, calendarUrl: calendar.urlOf(invited.uid) }, booking, signal);
  }

  /** An invitation that can be out although nobody knows of one: proposed by working hours alone. */
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
            `are taken in ${among}${rest}: make room and retry, give a time, or arrange it by hand`
        : `No interview fits ${describeWindow(policy, window)}, that is still ahead${rest}: arrange it by hand`,
    );
  }

  return {
    /**
     * A calendar that cannot be asked is an outage even where another HR partner has time: the order of the partners is meant, and
     * the calendar may hold an entry of ours, which would become a second interview.
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
        (memory.interview && (await standingOf(partners, memory.interview, signal)));
      const others = partners.filter(({ contact }) => contact.email !== begun?.partner.contact.email);
      for (const standing of [begun ?? [], others.map((partner) => ({ partner, entry: undefined }))].flat()) {
        const interview = await arrange(about, standing, { time, slots }, memory, signal);
        if (interview) {
          const sent = await announce('interview', about, interview, announcer, memory, signal);
          return { ...interview, sent };
        }
        const { calendar } = standing.partner;
        if (calendar) await remove(calendar, interviewUid(exitId, domain), signal);
      }
      throw noSlot(window, slots, partners);
    },

    /**
     * Moves the interview: to the given time, or to the next free one after the present. It stays with the same HR partner, and in the
     * policy as if it had been wished for now.
     * @throws FinalFailure NoInterviewSlot, AddressRefused, Refused, NothingToGoOn
     */
    async rescheduleInterview(
      about: InterviewFor & Given & { interview: Interview },
      memory: Memory,
      signal: AbortSignal,
    ): Promise<Interview> {
      const { interview: present, lastWorkingDay, at } = about;
      const time = at === undefined ? undefined : given(at);
      // Whoever cannot come then does not want to come in the middle of it either.
      const after = new Date(Math.max(now().getTime(), Date.parse(present.end) - 1));
      const window = { since: now().toISOString(), lastWorkingDay, after };
      const slots = slotsWithin(policy, window);
      const standing = await standingOf(partners, present, signal);
      const interview = await arrange(about, standing, { time, slots }, memory, signal);
      if (interview) {
        const sent = await announce('interview', about, interview, announcer, memory, signal);
        return { ...interview, sent };
      }
      // Moved to a time that was lost to another exit: everybody still knows the present one.
      if (memory.interview)
        await arrange(
          about,
          await standingOf(partners, present, signal),
          { time: present, slots },
          memory,
          signal,
        );
      throw noSlot(window, slots, [standing.partner], `; it stays at ${present.start}`);
    },

    /**
     * Withdraws the invitation and removes the entry, unless the interview has taken place.
     * @param about.interview absent where scheduling was given up and nobody saw how far it came: our entry is looked for in every
     *   calendar; without a calendar the same invitation is worked out again, since a calendar program ignores the end of what it
     *   never had
     * @throws FinalFailure AddressRefused, Refused, NothingToGoOn
     */
    async cancelInterview(
      about: InterviewFor & { interview?: Interview | undefined },
      memory: Memory,
      signal: AbortSignal,
    ): Promise<Withdrawal> {
      const { exitId, interview: known } = about;
      if (!memory.interview) {
        const standing = known
          ? await standingOf(partners, known, signal)
          : await findEntry(partners, interviewUid(exitId, domain), signal);
        const latest = latestOf(standing?.entry, known);
        const interview =
          standing && latest
            ? { ...(known ?? interviewOf(about, standing.partner)), ...timeAndSequenceOf(latest) }
            : proposable(about);
        if (!interview)
          return { withdrawn: false, note: 'no invitation can be out for a time that is still ahead' };
        if (!isAhead(interview)) return { withdrawn: false, note: 'the interview had already begun' };
        await memory.decide(interview);
      }
      const interview = memory.interview!;
      const { calendar } = (await standingOf(partners, interview, signal)).partner;
      // First the entry: its time and SEQUENCE are known now, and are reported.
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
