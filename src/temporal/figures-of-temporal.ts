import type { Client } from '@temporalio/client';
import { OPEN_EXITS } from '../activities/open-exits.js';
import { waitingOpenings } from '../activities/waiting-openings.js';
import { figuresOf, type Figures } from '../exit/figures.js';
import { searchAttributes } from '../workflows/search-attributes.js';
import { phaseOf } from './exit-runs.js';

/** By the search attributes alone, so that no worker is asked. */
export async function figuresOfTemporal(client: Client): Promise<Figures> {
  const exits: Parameters<typeof figuresOf>[0][number][] = [];
  for await (const run of client.workflow.list({ query: OPEN_EXITS })) {
    const attributes = run.typedSearchAttributes;
    exits.push({
      phase: phaseOf(run),
      needsAttention: attributes.get(searchAttributes.NeedsAttention) === true,
      openedAt: run.startTime.toISOString(),
      reviewBy: attributes.get(searchAttributes.ReviewBy)?.toISOString(),
    });
  }
  return figuresOf(exits, await waitingOpenings(client), new Date().toISOString());
}
