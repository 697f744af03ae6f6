/**
 * The exit interview: finds and books a free time in the HR partner's calendar, and invites the attendees by iMIP (RFC 6047). Moves and
 * cancels it as well. After a failure at any point a method can be retried with the same memory.
 */
import type { InterviewPolicy } from '../../config/config.js';
import type { Leaving } from '../../exit/contacts.js';
import { FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import { interviewUid } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import { isSameIdentity } from '../../exit/mail-address.js';
import type { Contact, Employee, Sent } from '../../exit/people.js';
import type { MailTemplates } from '../mails/templates.js';
import type { Sought } from '../protocols/caldav.js';
import type { Mailer } from '../protocols/smtp.js';
import { announce, contactsOf } from './announcement.js';
import { book, firstFree, isShifted, lastingRemarks, refuseShifted, remove } from './booking.js';
import { entryOf } from './invitation.js';
import type { Memory } from './memory.js';
import { releaseFormer } from './former-partner.js';
import { createSlotBook, type SlotKeeper, type SlotLocks } from './slot-locks.js';
import {
  describeWindow,
  isBeforeLastDay,
  periodOf,
  secondOf,
  slotOf,
  slotsWithin,
  suits,
  stretchesOf,
  type Slot,
  type Time,
  type Window,
} from './slots.js';
import {
  entryWith,
  findEntry,
  isEntryOf,
  latestOf,
  partnersFor,
  type HrPartner,
  type PartnerEntry,
} from './partner-entry.js';
import { hrPartnerOf, wording } from './wording.js';

export type { HrPartner } from './partner-entry.js';

/** How many objects of a calendar the operator hears of at once. */
const MOST_NAMED = 5;
/** Characters of a time zone that is no time zone. */
const MOST_OF_ZONE = 60;

interface HrOptions {
  mailer: Mailer;
  templates: MailTemplates;
  organisation: { name: string; domain: string; consoleUrl: string };
  policy: InterviewPolicy;
  /** In order of preference: the first one with a free time is invited. */
  partners: readonly [HrPartner, ...HrPartner[]];
  /** The sender and ORGANIZER of the invitations. */
  from: Contact;
  locks: SlotLocks;
  /** Who of the people with these mail addresses have an open exit of their own. */
  whoIsLeaving: (addresses: readonly string[], signal: AbortSignal) => Promise<Leaving>;
  now?: () => Date;
}

interface InterviewFor {
  exitId: string;
  employee: Employee;
  openedAt: string;
  lastWorkingDay?: string | undefined;
  /** The HR partner who has taken the exit over. */
  successor?: Contact | undefined;
}

interface Arranged {
  /** The interview to move, as last announced. */
  interview?: Interview | undefined;
  /** The same with the former HR partner. */
  former?: Interview | undefined;
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

/** Slots whose keeper is asked for. A policy may have a thousand of them. */
const ASKED_AT_ONCE = 20;

export type HrService = ReturnType<typeof createHrService>;

export function createHrService({
  mailer,
  templates,
  organisation,
  policy,
  partners,
  from,
  locks,
  whoIsLeaving,
  now = () => new Date(),
}: HrOptions) {
  const { domain } = organisation;
  const words = { templates, organisation, organizer: from };
  const slotBook = createSlotBook(locks);
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

  /** @returns those without an open exit of their own; all where each has one */
  async function there(able: readonly HrPartner[], signal: AbortSignal): Promise<readonly HrPartner[]> {
    const leaving = await whoIsLeaving(
      able.map(({ contact }) => contact.email),
      signal,
    );
    const others = able.filter(({ contact }) => leaving.get(contact.email) !== true);
    return others.length > 0 ? others : able;
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

  /** @param interview as recorded last */
  const soughtFor = (about: InterviewFor, interview: Interview | undefined): Sought => ({
    uid: interviewUid(about.exitId, domain),
    ...(interview && {
      url: interview.calendarUrl,
      known: {
        time: periodOf(interview),
        summary: wording('interview', about, interview, words, true).options.summary,
      },
    }),
  });

  const keeperOf = ({ contact }: HrPartner, exitId: string): SlotKeeper =>
    slotBook(contact.email, interviewUid(exitId, domain));

  /**
   * Books the interview at the time of an earlier attempt, at the given time, or at the first free slot. SEQUENCE grows with each
   * change, and only then. The locks follow the interview.
   * @returns undefined where this HR partner has no free slot
   */
  async function arrange(
    about: InterviewFor & Arranged,
    place: PartnerEntry,
    { time, slots }: { time: Time | undefined; slots: readonly Slot[] },
    memory: Memory,
    signal: AbortSignal,
  ): Promise<Interview | undefined> {
    const keeper = keeperOf(place.partner, about.exitId);
    const earlier = [about.interview, memory.interview].filter(
      (one) => one && hrPartnerOf(one).email === place.partner.contact.email,
    );
    let booked: Interview | undefined;
    try {
      booked = await arrangeKept(about, place, { time, slots, keeper }, memory, signal);
    } catch (error) {
      // A retry may find the entry of this attempt, so that an outage leaves its locks.
      if (error instanceof FinalFailure) await keeper.letGoAllBut(about.interview);
      throw error;
    }
    await keeper.letGoAllBut(booked ?? about.interview, earlier);
    return booked;
  }

  async function arrangeKept(
    about: InterviewFor & Arranged,
    { partner, entry }: PartnerEntry,
    { time, slots, keeper }: { time: Time | undefined; slots: readonly Slot[]; keeper: SlotKeeper },
    memory: Memory,
    signal: AbortSignal,
  ): Promise<Interview | undefined> {
    const { calendar, contact } = partner;
    const { interview: present } = about;
    const known = memory.interview ?? present;
    const isUnclear = typeof entry?.time === 'string';
    if (!time) refuseShifted(calendar, entry, known);
    // A given time replaces one that cannot be told.
    const latest =
      time && isUnclear
        ? known && { ...known, isByHand: false }
        : latestOf({ partner, entry }, known, present);
    const isHere = entry !== undefined || (known !== undefined && hrPartnerOf(known).email === contact.email);
    const isSettled =
      latest !== undefined &&
      isHere &&
      latest.sequence > (present?.sequence ?? -1) &&
      (time ? latest.start === time.start : isAhead(latest) && latest.start !== present?.start);

    const invited = present ?? interviewOf(about, partner);
    const given = isSettled ? latest : time;
    if (given) await keeper.keepWhatIsFree(given);
    const { slot, unclear, doubt } = given
      ? { slot: undefined, unclear: [], doubt: undefined }
      : await firstFree(calendar, slots, entry, keeper, signal);
    const at = given ?? slot;
    if (!at) return undefined;
    // Without a calendar entry, SEQUENCE starts at the slot's index: after a reset a later slot still supersedes an earlier one.
    const first = calendar ? 0 : (slot?.index ?? 0);
    const sequence = isSettled ? latest.sequence : latest ? latest.sequence + 1 : first;
    const faults = isSettled ? memory.interview?.faults : faultsOf(calendar, unclear);
    const remarks = isSettled ? lastingRemarks(calendar, memory.interview) : doubt ? [doubt] : [];
    const told = { remarks: remarks.length > 0 ? remarks : undefined, faults };
    const wanted = { ...invited, ...told, sequence, start: at.start, end: at.end };
    if (!calendar) return wanted;
    const booking = {
      ...{ calendar, entry, slots, keeper, now },
      isShifting: isShifted(calendar, known),
      isGiven: time !== undefined || (isSettled && latest.isByHand),
      recordInterview: memory.recordInterview,
      soughtOf: (interview: Interview) => soughtFor(about, interview),
      textOf: (interview: Interview) =>
        entryOf(interview, wording('interview', about, interview, words, true).options, now()),
    };
    const calendarUrl = entry && calendar.has(entry.url) ? entry.url : calendar.urlOf(invited.uid);
    return book({ ...wanted, calendarUrl }, booking, signal);
  }

  /** The invitation that an unrecorded attempt may have sent, for a partner without a calendar: its slot is still kept. */
  async function proposed(about: InterviewFor, signal: AbortSignal): Promise<Interview | undefined> {
    const partner = partners.find(({ calendar }) => !calendar);
    const { openedAt: since, lastWorkingDay, employee, exitId } = about;
    if (!partner || !(employee.email || employee.personalEmail)) return undefined;
    const keeper = keeperOf(partner, exitId);
    for (const { slots } of stretchesFor(employee, { since, lastWorkingDay, after: now() })) {
      let isFull = true;
      for (let first = 0; first < slots.length; first += ASKED_AT_ONCE) {
        signal.throwIfAborted();
        const some = slots.slice(first, first + ASKED_AT_ONCE);
        const standings = await Promise.all(some.map((slot) => keeper.standing(slot)));
        const slot = some[standings.indexOf('ours')];
        if (slot)
          return { ...interviewOf(about, partner), sequence: slot.index, start: slot.start, end: slot.end };
        if (standings.includes('free')) isFull = false;
      }
      // The attempt went on to later slots only where all of these were taken.
      if (!isFull) return undefined;
    }
    return undefined;
  }

  /** The successor's calendar gets the entry, at the same time where that is free. The former HR partner is told. */
  async function changePartner(
    about: InterviewFor & Given & { interview: Interview; successor: Contact },
    fits: boolean,
    memory: Memory,
    signal: AbortSignal,
  ): Promise<Interview> {
    const { interview: present, lastWorkingDay, successor, employee, exitId, at } = about;
    const [partner] = partnersFor(partners, employee, successor);
    const window = { since: now().toISOString(), lastWorkingDay, after: now() };
    const same = fits ? [{ index: 0, start: present.start, end: present.end }] : [];
    const slots = [...same, ...[...stretchesFor(employee, window)].flatMap((stretch) => stretch.slots)];
    const begun = await findEntry([partner!], soughtFor(about, memory.interview), noRefusal, signal);
    const isShared = !memory.interview && begun?.entry && isEntryOf(begun.entry, present, partner!.contact);
    // Else no time is known with the successor yet, so that the next attempt finds the one that this attempt takes.
    const from = {
      ...interviewOf(about, partner!),
      sequence: present.sequence,
      start: isShared ? present.start : '',
      end: isShared ? present.end : '',
    };
    const time = at === undefined ? undefined : given(at);
    const moved = await arrange(
      { ...about, interview: from, former: present },
      begun ?? { partner: partner!, entry: undefined },
      { time, slots },
      memory,
      signal,
    );
    if (!moved)
      throw noSlot(
        window,
        slots,
        [partner!],
        `; it stays at ${present.start} with ${hrPartnerOf(present).email}`,
      );
    const sent = await announce('interview', { ...about, former: present }, moved, announcer, memory, signal);
    const left = await releaseFormer(
      { exitId, employee, interview: present },
      moved,
      { partners, keeperOf, announcer },
      memory,
      signal,
    );
    const faults = [...(moved.faults ?? []), ...left];
    return { ...moved, sent, ...(faults.length > 0 && { faults }) };
  }

  const slotsFor = ({ timeZone: employeeTimeZone }: Employee, window: Window): Slot[] =>
    slotsWithin(policy, { ...window, employeeTimeZone });

  /** The slots of the policy, and then later ones: a late interview is better than none. `late` says so. */
  function* stretchesFor(employee: Employee, window: Window): Generator<{ slots: Slot[]; late?: string }> {
    yield { slots: slotsFor(employee, window) };
    const late = `no time was free ${describeWindow(policy, window)}`;
    for (let stretch = 1; stretch < stretchesOf(policy); stretch++) {
      const slots = slotsFor(employee, { ...window, stretch });
      if (slots.length > 0) yield { slots, late };
    }
  }

  /** @returns that the time is, or may be, none of the employee's working day; a person who gave it knows that */
  function outsideOf({ employee, at }: InterviewFor & Given, time: Time): string | undefined {
    const { timeZone: zone, unknownZone } = employee;
    if (unknownZone !== undefined && at === undefined)
      return `by the clock of the company alone: the directory has the time zone "${unknownZone.slice(0, MOST_OF_ZONE)}" for ${employee.employeeId}, which EMS does not know`;
    if (zone === undefined || at !== undefined || suits(policy, zone, periodOf(time))) return undefined;
    return `no time was free within the working hours of ${zone} as well`;
  }

  function noSlot(
    window: Window,
    slots: readonly Slot[],
    looked: readonly HrPartner[],
    rest = '',
  ): FinalFailure {
    const byTime = slots.toSorted((a, b) => a.start.localeCompare(b.start));
    const [first, last] = [byTime[0], byTime.at(-1)];
    const whole = { ...window, stretch: stretchesOf(policy) - 1 };
    const among = looked.map(({ contact, calendar }) => calendar?.name ?? contact.name).join(' and ');
    return new FinalFailure(
      FailureType.NoInterviewSlot,
      first && last
        ? `No interview fits ${describeWindow(policy, whole)}: all ${slots.length} slots from ${first.start} to ${last.end} ` +
            `are taken in ${among}${rest}: free a time and retry, give a time, or arrange it by hand`
        : `No future interview fits ${describeWindow(policy, whole)}${rest}: arrange it by hand`,
    );
  }

  return {
    /**
     * A calendar that does not answer is an outage, also where another HR partner has time. It may have an entry of ours, and another
     * one would be a second interview. A calendar that refuses to be read has none that an attempt could use: the next partner is asked.
     * @throws FinalFailure NoInterviewSlot, AddressRefused, Refused, CannotTell
     */
    async scheduleInterview(
      about: InterviewFor & Given,
      memory: Memory,
      signal: AbortSignal,
    ): Promise<Interview> {
      const { openedAt: since, lastWorkingDay, employee, at } = about;
      contactsOf(employee);
      const time = at === undefined ? undefined : given(at);
      const window = { since, lastWorkingDay, after: now() };
      const able = await there(partnersFor(partners, employee, about.successor), signal);
      const refusals = new Map<HrPartner, FinalFailure>();
      const sought = soughtFor(about, memory.interview);
      const begun =
        (await findEntry(partners, sought, (partner, failure) => refusals.set(partner, failure), signal)) ??
        (memory.interview && (await entryWith(partners, memory.interview, sought, signal)));
      const others = able.filter(
        (partner) => partner.contact.email !== begun?.partner.contact.email && !refusals.has(partner),
      );
      let places = [begun ?? [], others.map((partner) => ({ partner, entry: undefined }))].flat();
      const isBegun = ({ partner }: PartnerEntry): boolean => partner === begun?.partner;
      const looked: Slot[] = [];
      for (const { slots, late } of stretchesFor(employee, window)) {
        for (const place of places) {
          let interview: Interview | undefined;
          try {
            interview = await arrange(about, place, { time, slots }, memory, signal);
          } catch (error) {
            if (isBegun(place) || !isFinalFailure(error, FailureType.Refused)) throw error;
            refusals.set(place.partner, error);
            continue;
          }
          if (interview) {
            const refused = [...refusals.values()].map(({ message }) => message);
            const faults = [...refused, ...(interview.faults ?? [])];
            const sent = await announce('interview', about, interview, announcer, memory, signal);
            return {
              ...withRemarks(interview, late, outsideOf(about, interview)),
              ...(faults.length > 0 && { faults }),
              sent,
            };
          }
          const { calendar } = place.partner;
          if (calendar) await remove(calendar, soughtFor(about, memory.interview), signal);
        }
        looked.push(...slots);
        places = places
          .filter(({ partner }) => !refusals.has(partner))
          .map(({ partner }) => ({ partner, entry: undefined }));
      }
      const [refusal] = refusals.values();
      if (refusal && able.every((partner) => refusals.has(partner))) throw refusal;
      const asked = able.filter((partner) => !refusals.has(partner));
      throw noSlot(window, looked, asked, refusal && `, and ${refusal.message}`);
    },

    /**
     * Moves the interview to the given time, or to the next free time after the present one. Lead time and working days count from now.
     * Where no person asked for another time, it moves only where it must: to a day before the last working day, or to the HR partner
     * who has taken the exit over.
     * @throws FinalFailure NoInterviewSlot, AddressRefused, Refused, NothingToGoOn
     */
    async rescheduleInterview(
      about: InterviewFor & Given & { interview: Interview; isAsked?: boolean },
      memory: Memory,
      signal: AbortSignal,
    ): Promise<Interview> {
      const { interview: present, lastWorkingDay, at, isAsked = true, successor } = about;
      const fits = isAhead(present) && isBeforeLastDay(present.start, lastWorkingDay, policy.timeZone);
      if (successor && !isSameIdentity(successor.email, hrPartnerOf(present).email))
        return changePartner({ ...about, successor }, fits, memory, signal);
      if (!isAsked && fits && isAnnounced(present)) return present;
      const time = at === undefined ? undefined : given(at);
      // The new time must not overlap the present one.
      const after = new Date(Math.max(now().getTime(), isAsked ? Date.parse(present.end) - 1 : 0));
      const window = { since: now().toISOString(), lastWorkingDay, after };
      const recorded = () => soughtFor(about, memory.interview ?? present);
      const looked: Slot[] = [];
      let place = await entryWith(partners, present, recorded(), signal);
      for (const { slots, late } of stretchesFor(about.employee, window)) {
        const interview = await arrange(about, place, { time, slots }, memory, signal);
        if (interview) {
          const sent = await announce('interview', about, interview, announcer, memory, signal);
          return { ...withRemarks(interview, late, outsideOf(about, interview)), sent };
        }
        looked.push(...slots);
        if (memory.interview) place = await entryWith(partners, present, recorded(), signal);
      }
      // The new time was lost to another exit: the entry moves back to the announced time.
      if (memory.interview) await arrange(about, place, { time: present, slots: [] }, memory, signal);
      throw noSlot(window, looked, [place.partner], `; it stays at ${present.start}`);
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
        const sought = soughtFor(about, known);
        const place = known
          ? await entryWith(partners, known, sought, signal)
          : await findEntry(partners, sought, noRefusal, signal);
        const isUnclear = typeof place?.entry?.time === 'string';
        // The entry goes, whenever it is.
        const latest = known && isUnclear ? known : place && latestOf(place, known, known);
        const interview =
          place && latest
            ? { ...(known ?? interviewOf(about, place.partner)), ...timeAndSequenceOf(latest) }
            : await proposed(about, signal);
        if (!interview)
          return { withdrawn: false, note: 'no invitation to a future time can have been sent' };
        if (!isAhead(interview)) return { withdrawn: false, note: 'the interview had already begun' };
        await memory.recordInterview(interview);
      }
      const interview = memory.interview!;
      const sought = soughtFor(about, interview);
      const { partner } = await entryWith(partners, interview, sought, signal);
      // The entry first: the memory has its time and SEQUENCE by now.
      if (partner.calendar) await remove(partner.calendar, sought, signal);
      await keeperOf(partner, exitId).letGoAllBut(undefined, [interview, known]);
      const sent = await announce('interview-cancelled', about, interview, announcer, memory, signal);
      return { withdrawn: true, sent };
    },
  };
}

function noRefusal(_partner: HrPartner, failure: FinalFailure): never {
  throw failure;
}

/** Whether the HR partner and the employee have the invitation. */
function isAnnounced(interview: Interview): boolean {
  const told = (interview.sent ?? []).map(({ to }) => to);
  const partner = hrPartnerOf(interview).email;
  return told.includes(partner) && told.some((each) => each !== partner);
}

/** An interview without its time. */
type Invited = Omit<Interview, 'sequence' | 'start' | 'end'>;

const timeAndSequenceOf = ({ start, end, sequence }: Time & { sequence: number }) => ({
  start,
  end,
  sequence,
});

function withRemarks(interview: Interview, ...said: (string | undefined)[]): Interview {
  const remarks = [...said.flatMap((each) => each ?? []), ...(interview.remarks ?? [])];
  return remarks.length === 0 ? interview : { ...interview, remarks };
}

/** Names the first objects alone: there may be thousands that cannot be read. */
function faultsOf(calendar: HrPartner['calendar'], unclear: readonly string[]): string[] | undefined {
  if (!calendar || unclear.length === 0) return undefined;
  const has = `${calendar.name} has`;
  const more = unclear.length - MOST_NAMED;
  return [
    ...unclear.slice(0, MOST_NAMED).map((object) => `${has} an object whose time cannot be told, ${object}`),
    ...(more > 0 ? [`${has} ${more} further objects whose time cannot be told`] : []),
  ];
}
