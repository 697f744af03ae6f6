/**
 * Books the interview in a calendar, without two exits at the same time (docs/decisions/0011). Writers first book TENTATIVE, then read
 * the calendar again. Of two tentative entries the one with the greater UID yields; the other waits until it has moved or is CONFIRMED.
 * Every entry yields to any other event.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isInterviewUid } from '../../exit/ids.js';
import type { Interview } from '../../exit/interview.js';
import type { Calendar } from '../protocols/caldav.js';
import { overlap, without, type CalendarEvent, type Period } from '../protocols/icalendar.js';
import { periodOf, slotOf, type Slot } from './slots.js';

/** Writes, reads and waits; after these rounds the attempt is retried. */
const ROUNDS = 24;
const WAIT_MS = 100;
/** An older tentative entry counts as abandoned. Yielding to it is always safe. */
const ABANDONED_AFTER_MS = 600_000;

interface Booking {
  calendar: Calendar;
  /** In order, the alternatives where the time is taken. */
  slots: readonly Slot[];
  /** A person gave the time: it need not be free. */
  isGiven: boolean;
  textOf: (interview: Interview, status: 'TENTATIVE' | 'CONFIRMED') => string;
  /** Durable before the calendar changes. */
  recordInterview: (interview: Interview) => Promise<void>;
  /** The right-hand side of the UIDs. */
  domain: string;
  now: () => Date;
}

/**
 * @param own the interview's own entry, which does not count as busy
 * @returns the first free slot
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
    // Free-busy includes our own entry: its time is cut out, and other events in it are queried.
    const others = await othersIn(calendar, own.period, own.uid, signal);
    busy = [...busy.flatMap((period) => without(period, own.period)), ...others];
  }
  return slots.find((slot) => !busy.some((period) => overlap(period, periodOf(slot))));
}

/**
 * Books the interview at the wanted time, or where that is taken, at the next free one.
 * @returns the interview as booked; undefined where no slot is free, and the caller must move or remove the entry
 */
export async function book(
  wanted: Interview,
  { calendar, slots, isGiven, textOf, recordInterview, domain, now }: Booking,
  signal: AbortSignal,
): Promise<Interview | undefined> {
  const { uid } = wanted;
  for (let round = 0; round < ROUNDS; round++) {
    const entry = await calendar.read(uid, signal);
    if (!entry || entry.status === 'CANCELLED' || entry.sequence < wanted.sequence) {
      await recordInterview(wanted);
      // The next round reads the result, also after a conflict.
      await calendar.write(uid, textOf(wanted, isGiven ? 'CONFIRMED' : 'TENTATIVE'), entry, signal);
      continue;
    }
    if (entry.start !== Date.parse(wanted.start)) {
      // The HR partner moved it by hand. That time is announced, unless it has passed.
      const moved = { ...wanted, sequence: entry.sequence + 1 };
      if (entry.start <= now().getTime()) wanted = moved;
      else [wanted, isGiven] = [{ ...moved, ...slotOf(entry) }, true];
      continue;
    }
    wanted = { ...wanted, sequence: entry.sequence };
    if (entry.status !== 'TENTATIVE') return wanted;

    if (!isGiven) {
      const others = await othersIn(calendar, entry, uid, signal);
      if (others.some((other) => !yields(other))) {
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
    `${calendar.name}: another exit holds ${wanted.start} tentatively, or another client keeps changing ${calendar.urlOf(uid)}`,
  );

  function yields({ uid: other, status, writtenAt }: CalendarEvent): boolean {
    const isTentative = isInterviewUid(other, domain) && status === 'TENTATIVE';
    return isTentative && other > uid && writtenAt > now().getTime() - ABANDONED_AFTER_MS;
  }
}

/** Removes the entry, if any. */
export async function remove(calendar: Calendar, uid: string, signal: AbortSignal): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const entry = await calendar.read(uid, signal);
    if (!entry || (await calendar.remove(uid, entry, signal)) === 'written') return;
  }
  throw new Error(
    `${calendar.name}: ${calendar.urlOf(uid)} is not removed, since another client keeps changing it`,
  );
}

async function othersIn(calendar: Calendar, within: Period, uid: string, signal: AbortSignal) {
  const events = await calendar.events(within, signal);
  return events.filter((event) => event.blocks && event.uid !== uid);
}
