/** The evidence of an exit of the choreographed form, read from the stream alone. */
import type { Bus } from '../jetstream/bus.js';
import type { Evidence } from '../../exit/evidence/evidence.js';
import { evidenceOf } from '../../exit/evidence/evidence-of.js';
import { subjectsOfExit } from '../../exit/events.js';
import { foldLog } from '../../exit/fold.js';
import { factsOfStream } from '../../exit/evidence/stream-facts.js';
import { Refusal } from '../../exit/refusal.js';

/**
 * @param version of this program, for the report
 * @param exitId default: the newest exit, open or closed
 * @throws Refusal `no-exit` where the stream has no such exit
 */
export async function readChoreographedEvidence(
  bus: Bus,
  employeeId: string,
  version: string,
  exitId?: string,
): Promise<Evidence> {
  const { events } = await bus.read(employeeId);
  const readAt = new Date().toISOString();
  const { exits, latest } = foldLog(events, readAt, bus.trusted);
  const exit = exitId === undefined ? latest : exits.get(exitId);
  if (!exit) throw new Refusal('no-exit', `The stream has no exit of ${employeeId}`, { employeeId, exitId });
  return evidenceOf({
    employeeId,
    facts: factsOfStream(events, exit),
    form: 'choreographed',
    status: exit.status(),
    missing: exit.plan ? [] : ['No service has planned the exit yet, so its critical systems are not known.'],
    source: {
      record: subjectsOfExit(exit),
      earlierRuns: [],
      events: events.filter((event) => event.exitId === exit.exitId).length,
      readAt,
      version,
    },
  });
}
