import type { HrService } from '../services/hr/hr.js';
import { attempt, type Attempt } from './attempt.js';
import { deliveriesOf } from './deliveries.js';

/** @property delivered what earlier calls had delivered */
type Input<K extends keyof HrService> = Parameters<HrService[K]>[0] & { delivered: string[] };

export function createHrActivities(hr: HrService) {
  return {
    scheduleHrInterview: (input: Input<'scheduleInterview'>) =>
      attempt((attempt: Attempt<string[]>) =>
        hr.scheduleInterview(input, deliveriesOf(attempt, input.delivered), attempt.signal),
      ),

    cancelHrInterview: (input: Input<'cancelInterview'>) =>
      attempt((attempt: Attempt<string[]>) =>
        hr.cancelInterview(input, deliveriesOf(attempt, input.delivered), attempt.signal),
      ),
  };
}

export type HrActivities = ReturnType<typeof createHrActivities>;
