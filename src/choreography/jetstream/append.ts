/** Optimistic append: the stream stores an event only if the employee's log has not changed since it was read. */
import { setTimeout as pause } from 'node:timers/promises';
import { subjectsOf, type ExitEvent } from '../../exit/events.js';
import { AppendConflict, type Bus, type EmployeeLog } from './bus.js';

/** How long an append is retried, after conflicts and during a broker outage. */
const APPEND_WITHIN_MS = 30_000;

/**
 * Resolves once the stream has the event, also where an earlier attempt stored it and only the ack was lost.
 * @param decide returns the event to append, or throws a refusal. It is called again after each conflict
 */
export async function append<E extends ExitEvent>(
  bus: Bus,
  employeeId: string,
  id: string,
  decide: (log: EmployeeLog) => E | Promise<E>,
): Promise<EmployeeLog> {
  const deadline = Date.now() + APPEND_WITHIN_MS;
  for (;;) {
    try {
      const log = await bus.read(employeeId);
      // JetStream checks the expected sequence before it deduplicates, and its deduplication window ends after two minutes.
      if (log.events.some((event) => event.id === id)) return log;
      await bus.publish(await decide(log), {
        lastSubjectSequence: log.lastSeq,
        lastSubjectSequenceSubject: subjectsOf(employeeId),
      });
    } catch (error) {
      if (!(error instanceof AppendConflict) || Date.now() > deadline) throw error;
      await pause(Math.random() * 20);
    }
  }
}
