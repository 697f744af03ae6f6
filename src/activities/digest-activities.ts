/** The activity of the weekly digest: the open exits, from Temporal's index. */
import { Context } from '@temporalio/activity';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { digestOf, withNames, type Digest } from '../exit/digest.js';
import type { ListedPhase } from '../exit/exits.js';
import { employeeIdOf } from '../exit/ids.js';
import type { DirectoryService } from '../services/directory/directory.js';
import { attempt } from './attempt.js';
import { OPEN_EXITS } from './open-exits.js';

const { KEYWORD, BOOL, DATETIME } = SearchAttributeType;
const phase = defineSearchAttributeKey('ExitPhase', KEYWORD);
const attention = defineSearchAttributeKey('NeedsAttention', BOOL);
const review = defineSearchAttributeKey('ReviewBy', DATETIME);
const lastDay = defineSearchAttributeKey('LastWorkingDay', DATETIME);

export function createDigestActivities(directory: DirectoryService) {
  return {
    openExits: (): Promise<Digest> =>
      attempt(async ({ signal }) => {
        const { client } = Context.current();
        const open: Parameters<typeof digestOf>[0][number][] = [];
        for await (const run of client.workflow.list({ query: OPEN_EXITS })) {
          const { workflowId, runId, typedSearchAttributes: told } = run;
          const now = (told.get(phase) ?? 'starting') as ListedPhase;
          const isUndecided = now === 'awaiting-decision' || now === 'awaiting-confirmation';
          open.push({
            ...{ employeeId: employeeIdOf(workflowId), exitId: runId, phase: now },
            needsAttention: told.get(attention) ?? false,
            reviewBy: isUndecided ? told.get(review)?.toISOString() : undefined,
            lastWorkingDay: told.get(lastDay)?.toISOString().slice(0, 10),
          });
        }
        return withNames(digestOf(open, new Date().toISOString()), (employeeId) =>
          directory.lookUp(employeeId, signal),
        );
      }),
  };
}

export type DigestActivities = ReturnType<typeof createDigestActivities>;
