/**
 * Books the interview in a calendar: writes the entry once, compares what came back, and looks at the other events of that time again. A
 * person who was faster keeps the time. Exits are kept apart by their locks (slot-locks.ts), whatever the calendar shows.
 */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Interview } from '../../exit/interview.js';
import type { Calendar, Entry } from '../protocols/caldav.js';
import { overlap, type Period } from '../protocols/icalendar.js';
import { cannotTellWhen } from './partner-entry.js';
import type { SlotKeeper } from './slot-locks.js';
import { periodOf, slotOf, type Slot } from './slots.js';

/** Writes, reads and looks; after these rounds the attempt is retried. */
const ROUNDS = 8;

interface Booking {
  calendar: Calendar;
  /** The entry as last read. */
  entry: Entry | undefined;
  /** In order, the alternatives where the time is taken. */
  slots: readonly Slot[];
  keeper: SlotKeeper;
  /** A person gave the time: it need not be free. */
  isGiven: boolean;
  textOf: (interview: Interview) => string;
  /** Durable before the calendar changes. */
  recordInterview: (interview: Interview) => Promise<void>;
  now: () => Date;
}

interface Free {
  /** Undefined where none is free. */
  slot: Slot | undefined;
  /** The calendar's objects whose time cannot be told. */
  leftOut: string[];
}

/**
 * @param calendar without one, each slot is free that no other exit keeps
 * @param own the interview's own entry, which does not count as busy
 * @returns the first free slot, whose locks are taken
 */
export async function firstFree(
  calendar: Calendar | undefined,
  slots: readonly Slot[],
  own: Entry | undefined,
  keeper: SlotKeeper,
  signal: AbortSignal,
): Promise<Free> {
  const starts = slots.map(periodOf);
  const window = {
    start: Math.min(...starts.map(({ start }) => start)),
    end: Math.max(...starts.map(({ end }) => end)),
  };
  const { periods, leftOut } =
    calendar && slots.length > 0 ? await calendar.busy(window, own, signal) : { periods: [], leftOut: [] };
  const free = slots.filter((slot) => !periods.some((period) => overlap(period, periodOf(slot))));
  return { slot: await keeper.keepFirst(free, signal), leftOut };
}

/**
 * Books the interview at the wanted time, or where that is taken, at the next free one.
 * @returns the interview as booked; undefined where no slot is free, and the caller must move or remove the entry
 */
export async function book(
  wanted: Interview,
  { calendar, entry, slots, keeper, isGiven, textOf, recordInterview, now }: Booking,
  signal: AbortSignal,
): Promise<Interview | undefined> {
  const { uid } = wanted;
  let written: Interview | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    // A server may keep its own SEQUENCE, so that it asks for one write at most.
    if (!standsAt(entry, wanted) || (written !== wanted && sequenceOf(entry) < wanted.sequence)) {
      await recordInterview(wanted);
      const seen: Entry | undefined = entry;
      const isAsWanted = (one: Entry | undefined) => standsAt(one, wanted);
      const back = await calendar.write(uid, textOf(wanted), seen, isAsWanted, signal);
      entry = back === 'conflict' ? await calendar.read(uid, signal) : back;
      written = wanted;
      if (!standsAt(entry, wanted)) {
        if (back !== 'conflict') throw notAsWritten(calendar, wanted, entry, seen);
        const moved = movedByHand(entry, seen);
        wanted = { ...wanted, sequence: Math.max(wanted.sequence, sequenceOf(entry) + 1) };
        if (!moved) continue;
        if (typeof moved === 'string') throw cannotTellWhen(calendar.name, moved);
        if (moved.start <= now().getTime()) continue;
        // The HR partner moved it by hand: that time is announced.
        [wanted, isGiven] = [{ ...wanted, ...slotOf(moved) }, true];
        await keeper.keepWhatIsFree(wanted);
        continue;
      }
    }
    wanted = { ...wanted, sequence: Math.max(wanted.sequence, sequenceOf(entry)) };
    written &&= wanted;
    if (isGiven) return wanted;
    const { periods } = await calendar.busy(periodOf(wanted), entry, signal);
    if (periods.length === 0) return wanted;
    const { slot } = await firstFree(calendar, slots, entry, keeper, signal);
    if (!slot) return undefined;
    wanted = { ...wanted, start: slot.start, end: slot.end, sequence: wanted.sequence + 1 };
  }
  throw new Error(`${calendar.name}: another client keeps changing ${calendar.urlOf(uid)}`);
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

const sequenceOf = (entry: Entry | undefined): number => entry?.sequence ?? -1;

function standsAt(entry: Entry | undefined, { start }: Interview): boolean {
  if (!entry || entry.isCancelled || typeof entry.time === 'string') return false;
  return entry.time.start === Date.parse(start);
}

/** After a write that took effect, no other client's doing is likely: it is not repeated. */
function notAsWritten(
  calendar: Calendar,
  { uid, start }: Interview,
  entry: Entry | undefined,
  seen: Entry | undefined,
): Error {
  const took = `${calendar.name} took the entry for ${start}`;
  if (entry?.content === seen?.content)
    return new Error(`${took} and does not show it: look at ${calendar.urlOf(uid)}`);
  const { time, isCancelled } = entry ?? { time: 'it is gone', isCancelled: false };
  const shown = typeof time === 'string' ? time : `at ${slotOf(time).start}`;
  return new FinalFailure(
    FailureType.CannotTell,
    `${took} and shows another one, ${isCancelled ? 'cancelled' : shown}: correct ${calendar.urlOf(uid)} and retry, or give a time`,
  );
}

/** @returns the time to which the entry moved since it was seen, or why it cannot be told */
function movedByHand(entry: Entry | undefined, seen: Entry | undefined): Period | string | undefined {
  if (!entry || entry.isCancelled) return undefined;
  const { time } = entry;
  const before = seen?.time;
  const isSame = typeof time === 'object' && typeof before === 'object' && time.start === before.start;
  return isSame || time === before ? undefined : time;
}
