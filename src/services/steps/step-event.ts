/**
 * The request of a call: a CloudEvent 1.0 in binary content mode (HTTP protocol binding). Its attributes are `ce-` headers, its data is the
 * JSON body. Without the SDK, which brings six packages for seven lines.
 */
import type { Decision, Ending } from '../../exit/decision.js';
import type { Resignation } from '../../exit/resignation.js';

export interface CallOfStep {
  exitId: string;
  employeeId: string;
  /** ISO 8601, UTC. */
  openedAt: string;
  /** The critical systems of this exit. */
  systems: string[];
  step: string;
  /** When the step began: ISO 8601, UTC. */
  startedAt?: string | undefined;
  resignation: Resignation;
  decision?: Decision | undefined;
  /** Undefined until the decision takes effect. */
  ending?: Ending | undefined;
}

export interface StepEvent {
  headers: Record<string, string>;
  body: string;
}

export function stepEvent(call: CallOfStep): StepEvent {
  const { exitId, employeeId, openedAt, step, startedAt, resignation, decision, ending } = call;
  const decided = ending === 'cancelled' || ending === undefined ? undefined : decision;
  const data = {
    step,
    exitId,
    employeeId,
    openedAt,
    lastWorkingDay: resignation.lastWorkingDay,
    outcome: ending,
    decidedBy: decided?.decidedBy,
    effectiveOn: decided?.effectiveOn,
  };
  const headers = {
    'ce-specversion': '1.0',
    // The same at each attempt, so that the receiver can deduplicate.
    'ce-id': `${exitId}/${step}`,
    'ce-source': '/ems/steps',
    'ce-type': 'step.requested',
    'ce-subject': exitId,
    'ce-time': startedAt ?? new Date().toISOString(),
    'content-type': 'application/json',
  };
  return { headers, body: JSON.stringify(data) };
}
