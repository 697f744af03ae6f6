/** Hands the events of an exit to the workflow that tells the subscribers. An exit without subscribers starts none. */
import { condition, getExternalWorkflowHandle, startChild, workflowInfo } from '@temporalio/workflow';
import { TemporalFailure, WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { PublishedEvent } from '../exit/published-events.js';
import type { ExitContext } from './exit-context.js';
import { eventsPublished, tellSubscribers } from './tell-subscribers.js';

export async function publishEvents(context: ExitContext): Promise<void> {
  const { exit, published, plan } = context;
  const { subscribers, policy } = plan;
  if (!subscribers) return;
  const workflowId = `events-${exit.exitId}`;

  const start = (events: PublishedEvent[]) =>
    startChild(tellSubscribers, {
      workflowId,
      args: [{ subscribers, policy, events }],
      // It delivers what is left when the exit ends, in whichever way.
      parentClosePolicy: 'REQUEST_CANCEL',
      staticSummary: `Tells the subscribers of the exit of ${exit.employeeId}`,
    });
  const external = getExternalWorkflowHandle(workflowId);

  let isStarted = false;
  /** After a reset the one of the earlier run may still be at work, or be over. */
  async function hand(events: PublishedEvent[]): Promise<void> {
    for (;;) {
      try {
        await (isStarted ? external.signal(eventsPublished, events) : start(events));
        isStarted = true;
        return;
      } catch (error) {
        const isOther = error instanceof (isStarted ? TemporalFailure : WorkflowExecutionAlreadyStartedError);
        if (!isOther) throw error;
        isStarted = !isStarted;
      }
    }
  }

  const isWanted = ({ type }: PublishedEvent): boolean =>
    subscribers.some(({ events }) => events.includes(type));
  for (let seen = 0; ;) {
    await condition(() => published.length > seen || exit.closedAt !== undefined);
    if (published.length === seen) break;
    const events = published.slice(seen).filter(isWanted);
    seen = published.length;
    if (events.length > 0) await hand(events);
  }
  // That of an earlier run is no child of this one, so Temporal does not request it.
  if (isStarted && workflowInfo().runId !== exit.exitId) await external.cancel().catch(unlessOver);
}

function unlessOver(error: unknown): void {
  if (!(error instanceof TemporalFailure)) throw error;
}
