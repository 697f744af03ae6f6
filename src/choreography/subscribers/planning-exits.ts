/** A resignation that carries no plan is planned once, durably, by the first service that hears of it: the append is the record. */
import type { Exit } from '../../exit/exit.js';
import type { Plan } from '../../exit/plan.js';
import { append } from '../jetstream/append.js';
import type { Bus } from '../jetstream/bus.js';

export async function planExit(bus: Bus, exit: Exit, plan: Plan, source: string): Promise<void> {
  const { employeeId, exitId } = exit;
  // The same id for every service: the first one stands, and the others find it.
  const id = `${exitId}/exit.planned`;
  await append(bus, employeeId, id, () => ({
    ...{ type: 'exit.planned', id, source, time: new Date().toISOString(), employeeId, exitId },
    causationId: exit.resignedBy,
    data: { plan },
  }));
}
