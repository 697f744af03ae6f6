/** The facts of each type of Temporal's history events: a table. */
import { ApplicationFailure, decodeRetryState, type LoadedDataConverter } from '@temporalio/common';
import {
  decodeArrayFromPayloads,
  decodeOptionalFailureToOptionalError,
} from '@temporalio/common/lib/internal-non-workflow/index.js';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { Amendment } from '../exit/amendment.js';
import { parseDrift } from '../exit/drift.js';
import { planned, type Received, type UntimedFact } from '../exit/evidence/facts.js';
import type { Reported } from '../exit/failures.js';
import type { HandOver } from '../exit/hand-over.js';
import type { Plan } from '../exit/plan.js';
import type { Rejection } from '../exit/proposals.js';
import type { Rescheduling } from '../exit/rescheduling.js';
import { parseResignation } from '../exit/resignation.js';
import type { Resolution } from '../exit/resolution.js';
import type { ExitStatus, Phase, StepState } from '../exit/status.js';
import { factsOfReport, factsOfResult, type Call } from './activity-facts.js';

export type Event = NonNullable<History['events']>[number];
type Payloads = Parameters<typeof decodeArrayFromPayloads>[1];
type Failure = NonNullable<Parameters<typeof decodeOptionalFailureToOptionalError>[1]>;
type Reader<A> = (attributes: A, event: Event) => UntimedFact[] | Promise<UntimedFact[]>;
type Readers = { [K in keyof Event]?: Reader<NonNullable<Event[K]>> };

/** @returns a function that reads the events of one run in order; it remembers earlier events that later ones refer to */
export function eventReader(
  runId: string,
  converter: LoadedDataConverter,
): (event: Event) => Promise<UntimedFact[]> {
  const readers = Object.entries(readersOf(runId, converter)) as [keyof Event, Reader<unknown>][];
  return async (event) => {
    const [name, read] = readers.find(([name]) => event[name]) ?? [];
    return name && read ? read(event[name], event) : [];
  };
}

function readersOf(runId: string, converter: LoadedDataConverter): Readers {
  const calls = new Map<string, Call>();
  const requests = new Map<string, Pick<Received, 'id' | 'name' | 'identity' | 'content'>>();
  const accepted = new Map<string, string>();
  let phaseBefore: Phase | null | undefined;
  let needsAttention = false;
  /** Failures since the last workflow task started, which that task does not contain. */
  let pending: UntimedFact[] = [];
  /** Failures that the current workflow task delivered to the workflow. */
  let delivered: UntimedFact[] = [];

  const value = async <T>(payloads: Payloads): Promise<T | undefined> =>
    (await decodeArrayFromPayloads(converter, payloads))[0] as T | undefined;
  const errorOf = (failure: Failure | null | undefined) =>
    decodeOptionalFailureToOptionalError(converter, failure);

  async function activityFailed(
    { scheduledEventId, failure, retryState }: ActivityEnd,
    event: Event,
  ): Promise<UntimedFact[]> {
    const call = calls.get(String(scheduledEventId));
    if (!call || !failure) return [];
    const error = await errorOf(reasonOf(failure));
    // A cancelled attempt has not failed.
    if (decodeRetryState(retryState) !== 'CANCEL_REQUESTED') {
      const type = error instanceof ApplicationFailure ? (error.type ?? undefined) : undefined;
      pending.push({
        kind: 'attention',
        step: call.step,
        account: call.input.account?.id,
        why: error?.message ?? '',
        type,
        at: timeOf(event.eventTime),
      });
    }
    const { applicationFailureInfo, timeoutFailureInfo } = failure;
    const last = await value<unknown>(timeoutFailureInfo?.lastHeartbeatDetails?.payloads);
    const details = await value<Reported>(applicationFailureInfo?.details?.payloads);
    return factsOfReport(call, last ?? details?.reported);
  }

  async function requested(request: UpdateRequest): Promise<void> {
    const id = request?.meta?.updateId ?? '';
    const content = await value<unknown>(request?.input?.args?.payloads);
    requests.set(id, {
      id,
      name: request?.input?.name ?? '',
      identity: text(request?.meta?.identity),
      content,
    });
  }

  return {
    workflowExecutionStartedEventAttributes: async ({ input, identity, firstExecutionRunId }) => {
      // The Web UI can start a workflow with any input; the exit then fails with the reason.
      const parsed = parseResignation(await value<unknown>(input?.payloads), '');
      const resignation = parsed.ok ? parsed.value : undefined;
      return [{ kind: 'opened', exitId: firstExecutionRunId ?? '', resignation, identity: text(identity) }];
    },

    activityTaskScheduledEventAttributes: async ({ activityId, activityType, input }, { eventId }) => {
      const step = (activityId ?? '').replace(/^capture-/, 'block-');
      const type = activityType?.name ?? '';
      calls.set(String(eventId), { type, step, input: (await value(input?.payloads)) ?? {} });
      return [];
    },
    activityTaskCompletedEventAttributes: async ({ scheduledEventId, result }) => {
      const call = calls.get(String(scheduledEventId));
      if (!call) return [];
      if (call.type === 'planExit') return [planned((await value<Plan>(result?.payloads))?.systems)];
      const facts = factsOfResult(call, await value(result?.payloads));
      if (call.type === 'captureAccess') return facts;
      return [...facts, { kind: 'step-done', step: call.step, account: call.input.account?.id }];
    },
    activityTaskFailedEventAttributes: activityFailed,
    activityTaskTimedOutEventAttributes: activityFailed,
    activityTaskCanceledEventAttributes: async ({ scheduledEventId, details }) => {
      const call = calls.get(String(scheduledEventId));
      return call ? factsOfReport(call, (await value<Reported>(details?.payloads))?.reported) : [];
    },

    // A failure made its step need attention where the workflow task that received it sets NeedsAttention.
    workflowTaskStartedEventAttributes: () => {
      delivered = pending;
      pending = [];
      return needsAttention ? delivered.splice(0) : [];
    },
    upsertWorkflowSearchAttributesEventAttributes: async ({ searchAttributes }) => {
      const attribute = async <T>(name: string) => {
        const payload = searchAttributes?.indexedFields?.[name];
        return payload && value<T>([payload]);
      };
      const phase = await attribute<Phase>('ExitPhase');
      const facts: UntimedFact[] = phase && phase !== phaseBefore ? [{ kind: 'phase', phase }] : [];
      phaseBefore = phase;
      const needed = await attribute<boolean>('NeedsAttention');
      if (needed === undefined || needed === needsAttention) return facts;
      needsAttention = needed;
      if (!needed) return [...facts, { kind: 'attention-over' }];
      const unnamed: UntimedFact = {
        kind: 'attention',
        why: 'no activity failed; the step that a person resolved later is the one',
      };
      return [...facts, ...(delivered.length > 0 ? delivered.splice(0) : [unnamed])];
    },

    workflowExecutionSignaledEventAttributes: async (
      { signalName, input, identity, requestId },
      { eventId },
    ) => {
      const content = await value<unknown>(input?.payloads);
      const name = signalName ?? '';
      const drift = parseDrift(content);
      if (name === 'holdDrifted' && drift.ok) return [{ kind: 'drifted', ...drift.value }];
      const id = requestId || `${runId} ${String(eventId)}`;
      return [
        {
          kind: 'decision-received',
          received: { id, via: 'signal', name, identity: text(identity), content },
        },
      ];
    },
    workflowExecutionUpdateAdmittedEventAttributes: async ({ request }) => {
      await requested(request);
      return [];
    },
    workflowExecutionUpdateAcceptedEventAttributes: async (
      { acceptedRequest, protocolInstanceId },
      { eventId },
    ) => {
      if (acceptedRequest) await requested(acceptedRequest);
      const id = protocolInstanceId ?? '';
      accepted.set(String(eventId), id);
      const { name, content } = requests.get(id) ?? {};
      return name === 'rescheduleInterview'
        ? [{ kind: 'rescheduling-requested', id, request: content as Rescheduling }]
        : [];
    },
    workflowExecutionUpdateCompletedEventAttributes: async ({ acceptedEventId, outcome }) => {
      const request = requests.get(accepted.get(String(acceptedEventId)) ?? '');
      if (!request) return [];
      const { id, name, identity, content } = request;
      const answer = await value<{
        decidedAt?: string;
        proposedAt?: string;
        endedAt?: string;
        at?: string;
        state: StepState;
      }>(outcome?.success?.payloads);
      const refused = outcome?.failure && { refused: (await errorOf(outcome.failure))?.message ?? '' };
      if (name === 'finaliseDecision') {
        const received: Received = {
          id,
          via: 'update',
          name,
          identity,
          content,
          result: refused ?? { ok: answer?.proposedAt === undefined ? 'accepted' : 'proposed' },
        };
        const at = answer?.decidedAt ?? answer?.proposedAt;
        return [{ kind: 'decision-received', received, ...(at !== undefined && { at }) }];
      }
      // The exit accepts them once the directory has told whose the address is.
      if (name === 'amendResignation')
        return refused ? [] : [{ kind: 'amended', id, amendment: content as Amendment, at: answer!.at! }];
      if (name === 'rejectProposal')
        return refused
          ? []
          : [{ kind: 'proposal-rejected', id, rejection: content as Rejection, at: answer!.endedAt! }];
      if (name === 'handOver')
        return refused ? [] : [{ kind: 'handed-over', id, handOver: content as HandOver, at: answer!.at! }];
      if (name !== 'resolveStep') return [];
      const result = refused ?? { ok: answer!.state };
      return [{ kind: 'step-resolved', id, resolution: content as Resolution, identity, result }];
    },

    workflowExecutionCancelRequestedEventAttributes: ({ identity, cause }) => [
      { kind: 'cancel-requested', identity: text(identity), reason: text(cause) },
    ],
    workflowTaskFailedEventAttributes: ({ baseRunId, newRunId, identity, failure }) =>
      newRunId === runId
        ? [{ kind: 'reset', from: baseRunId ?? '', identity: text(identity), reason: text(failure?.message) }]
        : [],

    workflowExecutionCompletedEventAttributes: async ({ result }) => [
      { kind: 'ended', how: 'closed', status: await value<ExitStatus>(result?.payloads) },
    ],
    workflowExecutionCanceledEventAttributes: () => [{ kind: 'ended', how: 'cancelled' }],
    workflowExecutionFailedEventAttributes: async ({ failure }) => [
      { kind: 'ended', how: 'failed', why: (await errorOf(failure))?.message },
    ],
    workflowExecutionTerminatedEventAttributes: ({ reason, identity }) => [
      { kind: 'ended', how: 'terminated', why: text(reason), identity: text(identity) },
    ],
    workflowExecutionTimedOutEventAttributes: () => [{ kind: 'ended', how: 'timed-out' }],
  };
}

type ActivityEnd = Pick<
  NonNullable<Event['activityTaskFailedEventAttributes']>,
  'scheduledEventId' | 'failure' | 'retryState'
>;
type UpdateRequest = NonNullable<Event['workflowExecutionUpdateAcceptedEventAttributes']>['acceptedRequest'];

/** The failure of the last attempt, which Temporal nests in the timeout. */
function reasonOf(failure: Failure): Failure {
  let reason = failure;
  while (reason.timeoutFailureInfo && reason.cause) reason = reason.cause;
  return reason;
}

/** `seconds` is a Long from the server, and a number from a file. */
export const timeOf = (time: Event['eventTime']): string =>
  new Date(Number(time?.seconds ?? 0) * 1000 + Math.floor((time?.nanos ?? 0) / 1e6)).toISOString();
const text = (value: string | null | undefined): string | undefined => value || undefined;
