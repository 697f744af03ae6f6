/** The exit that an event belongs to, as the employee's log has it now. */
import type { StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import { foldLog } from '../../exit/fold.js';
import type { Plan } from '../../exit/plan.js';
import { append } from '../jetstream/append.js';
import type { Bus } from '../jetstream/bus.js';

interface ExitOfEvent {
  exit: Exit | undefined;
  /** Why the event has no effect, where the exit rejects it. */
  rejected: string | undefined;
}

/**
 * A resignation without a plan is planned once, by the first service that receives it.
 * @param plan by the present configuration
 * @param source the CloudEvents `source` of `exit.planned`
 */
export async function exitOfEvent(
  bus: Bus,
  { employeeId, exitId, seq }: StoredEvent,
  plan: Plan,
  source: string,
): Promise<ExitOfEvent> {
  const read = async () => {
    const { events } = await bus.read(employeeId);
    return foldLog(events, new Date().toISOString(), bus.trusted);
  };
  let log = await read();
  const rejected = log.rejected.get(seq);
  const unplanned = log.exits.get(exitId);
  if (rejected === undefined && unplanned && !unplanned.plan) {
    await appendPlan(bus, unplanned, plan, source);
    log = await read();
    if (!log.exits.get(exitId)?.plan)
      throw new Error(`the exit ${exitId} of ${employeeId} cannot be planned`);
  }
  return { exit: log.exits.get(exitId), rejected };
}

async function appendPlan(bus: Bus, { employeeId, exitId, resignationId }: Exit, plan: Plan, source: string) {
  // All services use one id: the first append stands, and the others find it.
  const id = `${exitId}/exit.planned`;
  await append(bus, employeeId, id, () => ({
    ...{ type: 'exit.planned', id, source, time: new Date().toISOString(), employeeId, exitId },
    ...{ causationId: resignationId, data: { plan } },
  }));
}
