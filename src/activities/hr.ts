import type { HrService } from '../services/hr/hr.js';
import type { Deliveries } from '../services/protocols/smtp.js';
import { attempt, type Attempt } from './attempt.js';

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

/** What has been delivered outlives a failed attempt, so that the next one does not write to the same person again. */
function deliveriesOf({ progress, report }: Attempt<string[]>, earlier: string[]): Deliveries {
  const delivered = new Set(progress ?? earlier);
  return {
    has: (delivery) => delivered.has(delivery),
    add: (delivery) => report([...delivered.add(delivery)]),
  };
}
