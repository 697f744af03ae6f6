/** Counts the attempts of activities, and what they tell. */
import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptors } from '@temporalio/worker';
import { attempts, blockSeconds, driftsFound } from '../process/metrics.js';

const form = 'orchestrated';

interface Argument {
  system?: string;
  /** Of a first block: when the exit was opened, ISO 8601. */
  openedAt?: string | undefined;
}

/** @returns the name of the step, or of what the activity does besides: "block-access" */
export const stepOf = ({ activityType }: Context['info']): string =>
  activityType.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

export const activityMetrics = ({ info }: Context): ActivityInterceptors => ({
  inbound: {
    async execute(input, next) {
      const { system = '', openedAt } = (input.args[0] ?? {}) as Argument;
      const step = stepOf(info);
      try {
        const result = await next(input);
        attempts.inc({ form, step, system, end: 'done' });
        if (info.activityType === 'blockAccess' && openedAt !== undefined)
          blockSeconds.observe({ form, system }, (Date.now() - Date.parse(openedAt)) / 1000);
        if (info.activityType === 'findDrift') driftsFound.inc({ form, system }, result as number);
        return result;
      } catch (error) {
        // A cancelled attempt has not failed.
        if (error instanceof ApplicationFailure)
          attempts.inc({ form, step, system, end: error.nonRetryable ? 'final' : 'failed' });
        throw error;
      }
    },
  },
});
