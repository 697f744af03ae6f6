/** Traces the attempts of an exit's activities. */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { traced, type End } from '../process/tracing.js';
import { stepOf } from './activity-metrics.js';

export const activityTraces = ({ info }: Context): ActivityInterceptors => ({
  inbound: {
    execute(input, next) {
      const { workflowExecution, workflowType, attempt } = info;
      if (!workflowExecution || workflowType !== 'exitEmployee') return next(input);
      const { system, exitId } = (input.args[0] ?? {}) as { system?: string; exitId?: string };
      // A reset gives the run another id, and the exit keeps its own, which some activities are told.
      const of = { exitId: exitId ?? workflowExecution.runId, step: stepOf(info), system, attempt };
      return traced({ form: 'orchestrated', ...of }, () => next(input), endOf);
    },
  },
});

function endOf(outcome: { result: unknown } | { error: unknown }): End {
  if ('result' in outcome) return 'done';
  if (outcome.error instanceof CancelledFailure) return 'cancelled';
  return outcome.error instanceof ApplicationFailure && outcome.error.nonRetryable ? 'final' : 'failed';
}
