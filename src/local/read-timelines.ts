/** Reads the timelines of both forms from the engines. */
import type { Client } from '@temporalio/client';
import type { Bus } from '../choreography/jetstream/bus.js';
import { watchDeliveries } from '../choreography/observing/watched-deliveries.js';
import { readDeclarations, trackPromises } from '../choreography/observing/promises.js';
import type { Form } from '../client/forms.js';
import { foldLog } from '../exit/fold.js';
import { noExit } from '../exit/refusal.js';
import { readCalls } from '../temporal/workflow-calls.js';
import type { ProcessStates } from './switchboard.js';
import { timelineOfEvents, timelineOfWorkflow, type Timeline } from './form-timeline.js';

export type Timelines = ReturnType<typeof timelinesIn>;

export function timelinesIn({ client, bus }: { client: Client; bus: Bus }) {
  const deliveries = watchDeliveries(bus);
  return {
    stop: () => deliveries.stop(),
    /** @throws Refusal `no-exit` */
    async read(form: Form, employeeId: string, exitId: string, states: ProcessStates): Promise<Timeline> {
      if (form === 'orchestrated') {
        const workflow = await readCalls(client, employeeId, exitId);
        if (!workflow) throw noExit(employeeId, exitId);
        return timelineOfWorkflow(workflow, states.orchestrated);
      }
      const now = new Date().toISOString();
      const [{ events: all }, declared] = await Promise.all([
        bus.read(employeeId),
        readDeclarations(bus),
        deliveries.look(),
      ]);
      const { exits, rejected } = foldLog(all, now);
      const exit = exits.get(exitId);
      if (!exit) throw noExit(employeeId, exitId);
      const events = all.filter((event) => event.exitId === exitId);
      // A dead letter shows as a step that needs attention.
      const promises = trackPromises(declared.promises, { exit, events, rejected, letters: [], now });
      return timelineOfEvents(
        { exit, events, rejected, promises, deliveryOf: deliveries.of },
        states.choreographed,
      );
    },
  };
}
