/** Whether the exit of an employee has removed them from a group in the last minutes, by its workflow: another worker may carry it out. */
import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/client';
import { tsToDate } from '@temporalio/common/lib/time.js';
import type { GroupRef } from '../exit/hold-facts.js';
import { exitWorkflowId } from '../exit/ids.js';
import { isRecent, type HasActed } from '../services/access/other-exits.js';
import { decoded } from './payloads.js';

/** What blockAccess and revokeAccess report: as a result, as heartbeat details, and as the details of a failure. */
type Reported =
  GroupRef[] | { groups?: GroupRef[]; removedGroups?: GroupRef[]; taken?: { groups: GroupRef[] } };

const REMOVES = /^(block|revoke)Access$/;

export const hasRemovedRecently: HasActed = async (employeeId, { system, groupId }) => {
  const workflow = Context.current().client.workflow.getHandle(exitWorkflowId(employeeId));
  try {
    const { raw } = await workflow.describe();
    const running = new Map(raw.pendingActivities?.map((each) => [each.activityId, each.heartbeatDetails]));
    const calls = new Set<string>();
    let hasRemoved = false;
    for (const event of (await workflow.fetchHistory()).events ?? []) {
      const scheduled = event.activityTaskScheduledEventAttributes;
      if (scheduled) {
        const name = scheduled.activityType?.name ?? '';
        const input = await decoded<{ system?: string }>(scheduled.input?.payloads);
        if (input?.system !== system) continue;
        // What was given back since is no removal.
        if (name === 'restoreAccess') hasRemoved = false;
        if (!REMOVES.test(name)) continue;
        calls.add(String(event.eventId));
        const details = running.get(scheduled.activityId);
        hasRemoved ||= isAmong(groupId, await decoded<Reported>(details?.payloads));
      }
      const completed = event.activityTaskCompletedEventAttributes;
      const failed = event.activityTaskFailedEventAttributes;
      const canceled = event.activityTaskCanceledEventAttributes;
      const ended = completed ?? failed ?? canceled;
      if (!ended || !calls.has(String(ended.scheduledEventId)) || !isRecent(tsToDate(event.eventTime!)))
        continue;
      const details = failed?.failure?.applicationFailureInfo?.details ?? canceled?.details;
      const report = await decoded<{ reported: Reported | null }>(details?.payloads);
      const result = completed && (await decoded<Reported>(completed.result?.payloads));
      hasRemoved ||= isAmong(groupId, result ?? report?.reported ?? undefined);
    }
    return hasRemoved;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
};

function isAmong(groupId: string, reported: Reported | undefined): boolean {
  const groups = Array.isArray(reported)
    ? reported
    : (reported?.groups ?? reported?.removedGroups ?? reported?.taken?.groups ?? []);
  return groups.some(({ id }) => id === groupId);
}
