/** Reads the histories of an exit's runs as facts. Only a reset makes a second run. */
import type { LoadedDataConverter } from '@temporalio/common';
import type { Fact } from '../exit/evidence/facts.js';
import { eventReader, timeOf, type Event } from './event-facts.js';

export interface RunHistory {
  runId: string;
  events: readonly Event[];
}

/** @param runs the runs of one exit, the oldest first */
export async function factsOf(runs: readonly RunHistory[], converter: LoadedDataConverter): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const run of runs) {
    const earlierRun = run === runs.at(-1) ? undefined : run.runId;
    const read = eventReader(run.runId, converter);
    // The events before the reset point are copies of the earlier run's events.
    const resetPoint = run === runs[0] ? 0 : Number(resetOf(run)?.eventId ?? 0);
    for (const event of run.events) {
      const at = timeOf(event.eventTime);
      const found = await read(event);
      if (Number(event.eventId) >= resetPoint)
        facts.push(...found.map((each) => ({ at, ...each, earlierRun })));
    }
  }
  return withoutRepeats(facts).toSorted((a, b) => a.at.localeCompare(b.at));
}

/** The exit id of a run: the ID of the exit's first run. */
export const exitIdOf = ({ events }: RunHistory): string | undefined =>
  events[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? undefined;

/** The ID of the run that this one was reset from; undefined for the first run. */
export const baseOf = (run: RunHistory): string | undefined =>
  resetOf(run)?.workflowTaskFailedEventAttributes?.baseRunId ?? undefined;

const resetOf = ({ runId, events }: RunHistory): Event | undefined =>
  events.find((event) => event.workflowTaskFailedEventAttributes?.newRunId === runId);

/**
 * A reset reapplies signals and updates to the new run. The result of an activity repeats what its failed attempts reported. Each fact keeps
 * its first time and its latest content.
 */
function withoutRepeats(facts: readonly Fact[]): Fact[] {
  const once = new Map<unknown, Fact>();
  for (const fact of facts) once.set(idOf(fact), { ...fact, at: once.get(idOf(fact))?.at ?? fact.at });
  return [...once.values()];
}

function idOf(fact: Fact): unknown {
  if (fact.kind === 'decision-received') return fact.received.id;
  if (fact.kind === 'step-resolved' || fact.kind === 'rescheduling-requested') return fact.id;
  if (fact.kind === 'mail-accepted' && fact.messageId) return `${fact.earlierRun} ${fact.messageId}`;
  if (fact.kind === 'invited') return `${fact.earlierRun} ${fact.interview.uid} ${fact.interview.sequence}`;
  if (fact.kind === 'drifted') return `${fact.system} ${fact.seenAt}`;
  return fact;
}
