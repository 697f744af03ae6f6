/**
 * Books the interview in a calendar: writes the entry once, compares what came back, and looks at the other events of that time again. A
 * person who was faster keeps the time. Exits are kept apart by their locks (slot-locks.ts), whatever the calendar shows.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Interview } from '../../exit/interview.js';
import type { Busy, Calendar, Entry, Sought } from '../protocols/caldav.js';
import { overlap, type Period } from '../protocols/icalendar.js';
import { cannotTellWhen, lists } from './partner-entry.js';
import type { SlotKeeper } from './slot-locks.js';
import { isSamePeriod, periodOf, slotOf, type Slot } from './slots.js';

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
  soughtOf: (interview: Interview) => Sought;
  /** Durable before the calendar changes. */
  recordInterview: (interview: Interview) => Promise<void>;
  now: () => Date;
  /** The server showed our entry at another time than the written one: it is not written where it stands. */
  isShifting: boolean;
}

interface Free {
  /** Undefined where none is free. */
  slot: Slot | undefined;
  /** The calendar's objects whose time cannot be told. */
  unclear: string[];
  /** Why the slot may be taken all the same. */
  doubt?: string | undefined;
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
  const { periods, ...untold }: Busy =
    calendar && slots.length > 0 ? await calendar.busy(window, own, signal) : { periods: [], unclear: [] };
  const free = slots.filter((slot) => !periods.some((period) => overlap(period, periodOf(slot))));
  return { slot: await keeper.keepFirst(free, signal), ...untold };
}

/**
 * Books the interview at the wanted time, or where that is taken, at the next free one.
 * @returns the interview as booked; undefined where no slot is free, and the caller must move or remove the entry
 */
export async function book(
  wanted: Interview,
  { calendar, entry, slots, keeper, isGiven, textOf, soughtOf, recordInterview, now, isShifting }: Booking,
  signal: AbortSignal,
): Promise<Interview | undefined> {
  let written = isShifting && standsAt(entry, wanted) ? wanted : undefined;
  let doubt: string | undefined;
  let otherEnd: string | undefined;
  const done = (): Interview => {
    const remarks = [
      ...(wanted.remarks ?? []),
      ...(otherEnd ? [otherEnd] : []),
      ...(doubt ? [doubt] : []),
      ...oddities(entry, wanted, calendar),
    ];
    return { ...wanted, ...(remarks.length > 0 && { remarks: [...new Set(remarks)] }) };
  };
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    // A server may keep its own SEQUENCE, so that it asks for one write at most.
    if (!standsAt(entry, wanted) || (written !== wanted && sequenceOf(entry) < wanted.sequence)) {
      await recordInterview(wanted);
      const seen: Entry | undefined = entry;
      const isAsWanted = (one: Entry | undefined) => standsAt(one, wanted);
      // A server that gave the entry another UID would not let it change.
      const text = textOf({ ...wanted, uid: seen?.uid || wanted.uid });
      const back = await calendar.write(soughtOf(wanted), text, seen, isAsWanted, signal);
      entry = back.entry;
      if (entry && calendar.has(entry.url)) wanted = { ...wanted, calendarUrl: entry.url };
      written = wanted;
      if (!standsAt(entry, wanted) && back.outcome === 'written') {
        const end = keptEnd(entry, wanted);
        if (end === undefined) {
          // Else the next attempt would take it for the HR partner's move.
          if (entry && typeof entry.time !== 'string')
            await recordInterview({ ...wanted, remarks: [shownElsewhere(calendar, entry.time)] });
          throw notAsWritten(calendar, wanted, entry, seen);
        }
        // The invitation tells what the calendar shows.
        otherEnd = `${calendar.name} keeps the entry until ${end} instead of ${wanted.end}`;
        written = wanted = { ...wanted, end };
        await recordInterview(wanted);
      }
      if (!standsAt(entry, wanted)) {
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
    if (isGiven) return done();
    const look = () => calendar.busy(periodOf(wanted), entry, signal, true);
    let others = await look();
    if (others.periods.length > 0 && round > 0) {
      // Another installation that keeps step would take each next slot as well.
      await pause(Math.random() * 2 * (performance.now() - began), undefined, { signal });
      others = await look();
    }
    ({ doubt } = others);
    if (others.periods.length === 0) return done();
    const { slot } = await firstFree(calendar, slots, entry, keeper, signal);
    if (!slot) return undefined;
    wanted = { ...wanted, start: slot.start, end: slot.end, sequence: wanted.sequence + 1 };
    otherEnd = undefined;
  }
  throw new Error(
    `${calendar.name}: another client keeps changing ${entry?.url ?? calendar.urlOf(wanted.uid)}`,
  );
}

/**
 * Removes the entry, if any.
 * @param isKept whether it stays all the same
 */
export async function remove(
  calendar: Calendar,
  sought: Sought,
  signal: AbortSignal,
  isKept: (entry: Entry) => boolean = () => false,
): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const entry = await calendar.find(sought, signal);
    if (!entry || isKept(entry) || (await calendar.remove(sought, entry, signal)) === 'written') return;
  }
  throw new Error(
    `${calendar.name}: ${sought.url ?? calendar.urlOf(sought.uid)} is not removed, since another client keeps changing it`,
  );
}

const sequenceOf = (entry: Entry | undefined): number => entry?.sequence ?? -1;

function standsAt(entry: Entry | undefined, wanted: Interview): boolean {
  if (!entry || entry.isCancelled || typeof entry.time === 'string') return false;
  return isSamePeriod(entry.time, periodOf(wanted));
}

/** @returns the end that the server keeps instead of the written one; undefined where it keeps another start, or no length */
function keptEnd(entry: Entry | undefined, { start }: Interview): string | undefined {
  if (!entry || entry.isCancelled || typeof entry.time === 'string') return undefined;
  const { time } = entry;
  return time.start === Date.parse(start) && time.end > time.start ? slotOf(time).end : undefined;
}

/** What the calendar shows of the entry otherwise than it was written, and did besides. */
function oddities(entry: Entry | undefined, { attendees }: Interview, { name }: Calendar): string[] {
  if (!entry) return [];
  const missing = attendees.map(({ email }) => email).filter((email) => !lists(entry, email));
  const scheduled = entry.attendees.filter(({ isScheduled }) => isScheduled).map(({ email }) => email);
  return [
    ...(entry.blocks ? [] : [`${name} shows the entry as free time`]),
    ...(missing.length > 0 ? [`the entry in ${name} does not list ${missing.join(' and ')}`] : []),
    ...(scheduled.length > 0 ? [`${name} sent messages of its own to ${scheduled.join(' and ')}`] : []),
  ];
}

/** Recorded with an interview: no person moved the entry there. */
const shownElsewhere = ({ name }: Calendar, time: Period): string =>
  `${name} shows the entry at ${slotOf(time).start} to ${slotOf(time).end} instead of the written time`;

/** @throws FinalFailure where the entry is still where the server put it instead of the recorded time */
export function refuseShifted(
  calendar: Calendar | undefined,
  entry: Entry | undefined,
  known: Interview | undefined,
): void {
  if (!calendar || !entry || !known || typeof entry.time === 'string') return;
  const said = shownElsewhere(calendar, entry.time);
  if (!known.remarks?.includes(said)) return;
  throw new FinalFailure(
    FailureType.CannotTell,
    `${said}, ${known.start} to ${known.end}: correct ${entry.url} and retry, or give a time`,
  );
}

const isShift = ({ name }: Calendar, remark: string): boolean =>
  remark.startsWith(`${name} shows the entry at `);

/** Whether the server shifted an entry of this interview before. */
export const isShifted = (calendar: Calendar, known: Interview | undefined): boolean =>
  (known?.remarks ?? []).some((remark) => isShift(calendar, remark));

/** The remarks of an earlier attempt that hold wherever the entry stands. */
export const lastingRemarks = (calendar: Calendar | undefined, known: Interview | undefined): string[] =>
  calendar ? (known?.remarks ?? []).filter((remark) => !isShift(calendar, remark)) : [];

/** After a write that took effect, no other client's doing is likely: it is not repeated. */
function notAsWritten(
  calendar: Calendar,
  { uid, start, end }: Interview,
  entry: Entry | undefined,
  seen: Entry | undefined,
): Error {
  const took = `${calendar.name} took the entry for ${start} to ${end}`;
  if (entry?.content === seen?.content)
    return new Error(`${took} and does not show it: look at ${entry?.url ?? calendar.urlOf(uid)}`);
  const { time, isCancelled } = entry ?? { time: 'it is gone', isCancelled: false };
  const shown = typeof time === 'string' ? time : `at ${slotOf(time).start} to ${slotOf(time).end}`;
  return new FinalFailure(
    FailureType.CannotTell,
    `${took} and shows another one, ${isCancelled ? 'cancelled' : shown}: correct ${entry?.url ?? calendar.urlOf(uid)} and retry, or give a time`,
  );
}

/** @returns the time to which the entry moved since it was seen, or why it cannot be told */
function movedByHand(entry: Entry | undefined, seen: Entry | undefined): Period | string | undefined {
  if (!entry || entry.isCancelled) return undefined;
  const { time } = entry;
  const before = seen?.time;
  const isSame = typeof time === 'object' && typeof before === 'object' && isSamePeriod(time, before);
  return isSame || time === before ? undefined : time;
}
