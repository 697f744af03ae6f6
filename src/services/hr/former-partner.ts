/** The HR partner who no longer holds an interview, since another one has taken the exit over. */
import { FinalFailure } from '../../exit/failures.js';
import type { Interview } from '../../exit/interview.js';
import type { Employee } from '../../exit/people.js';
import { announce, type Announcer } from './announcement.js';
import { remove } from './booking.js';
import type { Memory } from './memory.js';
import { isEntryOf, type HrPartner } from './partner-entry.js';
import type { SlotKeeper } from './slot-locks.js';
import { hrPartnerOf } from './wording.js';

interface Means {
  partners: readonly HrPartner[];
  keeperOf: (partner: HrPartner, exitId: string) => SlotKeeper;
  announcer: Announcer;
}

/**
 * Removes the former entry unless the successor's replaced it, frees its time, and cancels the invitation of the former HR partner alone.
 * @param about.interview as they have it
 * @param moved as the successor has it
 * @returns what is left to do by hand: the former HR partner may be gone, with their calendar and mailbox
 */
export async function releaseFormer(
  { exitId, employee, interview }: { exitId: string; employee: Employee; interview: Interview },
  moved: Interview,
  { partners, keeperOf, announcer }: Means,
  memory: Memory,
  signal: AbortSignal,
): Promise<string[]> {
  const { uid, calendarUrl } = interview;
  const former = hrPartnerOf(interview);
  const { calendar } = partners.find(({ contact }) => contact.email === former.email) ?? {};
  const faults: string[] = [];
  /** The new invitations are out by now: a refusal here must not keep the cancellation back. */
  const orFault = async (work: Promise<unknown>, rest = ''): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof FinalFailure)) throw error;
      faults.push(error.message + rest);
    }
  };
  let outage: unknown;
  if (calendarUrl && calendar?.has(calendarUrl))
    await orFault(
      remove(calendar, { uid, url: calendarUrl }, signal, (entry) => isEntryOf(entry, moved, former)),
      `: remove the entry ${calendarUrl} there`,
    ).catch((error: unknown) => {
      signal.throwIfAborted();
      outage = error;
    });
  else if (calendarUrl)
    faults.push(`the entry ${calendarUrl} is in a calendar that left the configuration: remove it there`);
  await keeperOf({ contact: former }, exitId).letGoAllBut(undefined, [interview]);
  const withdrawn = { ...interview, attendees: [former], hrPartner: former, sequence: moved.sequence };
  const about = { exitId, employee, interview, heldBy: hrPartnerOf(moved).name };
  await orFault(announce('interview-cancelled', about, withdrawn, announcer, memory, signal));
  // The next attempt removes it, and mails no person again.
  if (outage) throw outage;
  return faults;
}
