/**
 * How an interview comes to stand in a calendar, and no other exit's at the same time (docs/decisions/0011).
 * An entry is TENTATIVE until its writer has looked again. Who then sees another exit's tentative entry stands back if its own UID is
 * the greater one, and otherwise waits until that one has moved on or is CONFIRMED. From anything else everybody stands back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isInterviewUid } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import type { Calendar } from '../protocols/caldav.js';
import { overlap, without, type CalendarEvent, type Period } from '../protocols/icalendar.js';
import { periodOf, slotOf, type Slot } from './slots.js';

/** Writes, looks and waits; what has not come to rest after that is the next attempt's. */
const ROUNDS = 24;
const WAIT_MS = 100;
/** Whoever left an entry tentative for so long is not coming back soon. Standing back from it is safe in any case. */
const ABANDONED_AFTER_MS = 600_000;

interface Booking {
  calendar: Calendar;
  /** Where the interview moves when its time turns out to be taken, in order. */
  slots: readonly Slot[];
  /** Somebody said so: the time need not be free. */
  isGiven: boolean;
  textOf: (interview: Interview, status: 'TENTATIVE' | 'CONFIRMED') => string;
  /** Makes it known before the calendar is changed. */
  decide: (interview: Interview) => Promise<void>;
  /** Right-hand side of the UIDs. */
  domain: string;
  now: () => Date;
}

/**
 * The first slot that is free in the calendar.
 * @param own of the interview itself, which does not stand in its own way
 */
export async function firstFree(
  calendar: Calendar,
  slots: readonly Slot[],
  own: { uid: string; period: Period } | undefined,
  signal: AbortSignal,
): Promise<Slot | undefined> {
  const [first, last] = [slots[0], slots.at(-1)];
  if (!first || !last) return undefined;
  let busy = await calendar.busy({ start: Date.parse(first.start), end: Date.parse(last.end) }, signal);
  if (own) {
    // Free-busy cannot leave our own entry out: its time is cut out, and what else is there is looked up.
    const others = await othersIn(calendar, own.period, own.uid, signal);
    busy = [...busy.flatMap((period) => without(period, own.period)), ...others];
  }
  return slots.find((slot) => !busy.some((period) => overlap(period, periodOf(slot))));
}

/**
 * Brings the interview into the calendar, at the time that is wanted or, should that be taken, at the next one that is free.
 * @returns the interview as it stands there; undefined when no slot is left, and the entry is to be moved or removed
 */
export async function keep(
  wanted: Interview,
  { calendar, slots, isGiven, textOf, decide, domain, now }: Booking,
  signal: AbortSignal,
): Promise<Interview | undefined> {
  const { uid } = wanted;
  for (let round = 0; round < ROUNDS; round++) {
    const entry = await calendar.read(uid, signal);
    if (!entry || entry.status === 'CANCELLED' || entry.sequence < wanted.sequence) {
      await decide(wanted);
      // What this did is read in the next round, also when somebody else was faster.
      await calendar.write(uid, textOf(wanted, isGiven ? 'CONFIRMED' : 'TENTATIVE'), entry, signal);
      continue;
    }
    if (entry.start !== Date.parse(wanted.start)) {
      // The HR partner moved it by hand. Their calendar is theirs: everybody is told of that time, unless it has passed.
      const moved = { ...wanted, sequence: entry.sequence + 1 };
      if (entry.start <= now().getTime()) wanted = moved;
      else [wanted, isGiven] = [{ ...moved, ...slotOf(entry) }, true];
      continue;
    }
    wanted = { ...wanted, sequence: entry.sequence };
    if (entry.status !== 'TENTATIVE') return wanted;

    if (!isGiven) {
      const others = await othersIn(calendar, entry, uid, signal);
      if (others.some((other) => !standsBack(other))) {
        const slot = await firstFree(calendar, slots, { uid, period: entry }, signal);
        if (!slot) return undefined;
        wanted = { ...wanted, ...slotOf(periodOf(slot)), sequence: entry.sequence + 1 };
        continue;
      }
      if (others.length > 0) {
        await pause(WAIT_MS, undefined, { signal });
        continue;
      }
    }
    const answer = await calendar.write(uid, textOf(wanted, 'CONFIRMED'), entry, signal);
    if (answer === 'written') return wanted;
  }
  throw new Error(
    `${calendar.name}: another exit has not yet decided about ${wanted.start}, or somebody keeps changing ${calendar.urlOf(uid)}`,
  );

  function standsBack({ uid: other, status, writtenAt }: CalendarEvent): boolean {
    const isUndecided = isInterviewUid(other, domain) && status === 'TENTATIVE';
    return isUndecided && other > uid && writtenAt > now().getTime() - ABANDONED_AFTER_MS;
  }
}

/** Removes the entry, if there is one. */
export async function remove(calendar: Calendar, uid: string, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const entry = await calendar.read(uid, signal);
    if (!entry || (await calendar.remove(uid, entry, signal)) === 'written') return;
  }
  throw new Error(`${calendar.name}: somebody keeps changing ${calendar.urlOf(uid)}, which is to be removed`);
}

async function othersIn(calendar: Calendar, within: Period, uid: string, signal: AbortSignal) {
  const events = await calendar.events(within, signal);
  return events.filter((event) => event.blocks && event.uid !== uid);
}
