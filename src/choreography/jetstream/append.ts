/** Appends on a condition: what was decided on the log holds only as long as nothing else has been appended to it. */
import { setTimeout as pause } from 'node:timers/promises';
import { subjectsOf, type ExitEvent } from '../../exit/events.js';
import { Overtaken, type Bus, type EmployeeLog } from './bus.js';

/** How long an append is tried again: against others, and while the broker is away. */
const APPEND_WITHIN_MS = 30_000;

/**
 * Returns when the event is recorded: now, or by an earlier try of the same event whose acknowledgement was lost.
 * @param decide what to append, judged by the log; throws where the answer is no. Called again when somebody else was faster
 */
export async function append<E extends ExitEvent>(
  bus: Bus,
  employeeId: string,
  id: string,
  decide: (log: EmployeeLog) => E,
): Promise<EmployeeLog> {
  const giveUpAt = Date.now() + APPEND_WITHIN_MS;
  for (;;) {
    try {
      const log = await bus.read(employeeId);
      // The deduplication of JetStream forgets after minutes, and comes after the condition: the log itself does not forget.
      if (log.events.some((event) => event.id === id)) return log;
      await bus.publish(decide(log), {
        lastSubjectSequence: log.lastSeq,
        lastSubjectSequenceSubject: subjectsOf(employeeId),
      });
    } catch (error) {
      if (!(error instanceof Overtaken) || Date.now() > giveUpAt) throw error;
      await pause(Math.random() * 20);
    }
  }
}
