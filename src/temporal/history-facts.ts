/** The runs of an exit as facts. Only a reset makes a second run. */
import type { LoadedDataConverter } from '@temporalio/common';
import type { Fact } from '../exit/evidence/facts.js';
import { eventReader, timeOf, type Event } from './event-facts.js';

export interface RunHistory {
  runId: string;
  events: readonly Event[];
}

/** @param runs of one exit, the oldest first */
export async function factsOf(runs: readonly RunHistory[], converter: LoadedDataConverter): Promise<Fact[]> {
  const facts: Fact[] = [];
  for (const run of runs) {
    const earlierRun = run === runs.at(-1) ? undefined : run.runId;
    const read = eventReader(run.runId, converter);
    // What comes before the fork is a copy of what the run before tells already.
    const fork = run === runs[0] ? 0 : Number(resetOf(run)?.eventId ?? 0);
    for (const event of run.events) {
      const at = timeOf(event.eventTime);
      const told = await read(event);
      if (Number(event.eventId) >= fork) facts.push(...told.map((each) => ({ at, ...each, earlierRun })));
    }
  }
  return withoutRepeats(facts).toSorted((a, b) => a.at.localeCompare(b.at));
}

/** The exit that a run belongs to: the id of the exit's first run. */
export const exitIdOf = ({ events }: RunHistory): string | undefined =>
  events[0]?.workflowExecutionStartedEventAttributes?.firstExecutionRunId ?? undefined;

/** The run that this one was reset from; undefined for the first. */
export const baseOf = (run: RunHistory): string | undefined =>
  resetOf(run)?.workflowTaskFailedEventAttributes?.baseRunId ?? undefined;

const resetOf = ({ runId, events }: RunHistory): Event | undefined =>
  events.find((event) => event.workflowTaskFailedEventAttributes?.newRunId === runId);

/**
 * A reset hands to the new run what the one before had received, and a call that comes to its end says again what it reported before it
 * failed. It was sent once, at the first time; the last word on it counts.
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
