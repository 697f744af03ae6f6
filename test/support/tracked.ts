/** An exit as the tracker sees it. */
import assert from 'node:assert/strict';
import { createTracker, type ObservedExit } from '../../src/choreography/observing/tracker.js';
import type { ChoreographedWorld } from './choreographed-world.js';

/** By a tracker that starts anew. */
export async function observedOf(
  { bus }: ChoreographedWorld,
  { exitId }: { exitId: string },
): Promise<ObservedExit> {
  const { exits } = await createTracker(bus).look();
  return exits.find((exit) => exit.exitId === exitId) ?? assert.fail(`${exitId} is not seen`);
}

/** By consumer and step, or event where there is no step. */
export const statesOf = ({ promises }: ObservedExit): Record<string, string> =>
  Object.fromEntries(
    promises.map(({ consumer, step, event, state }) => [`${consumer} ${step ?? event}`, state]),
  );
