import type { InterviewProgress } from '../exit/interview.js';
import type { HrService } from '../services/hr/hr.js';
import { remember } from '../services/hr/memory.js';
import { attempt, type Attempt } from './attempt.js';
import { earlierInterview } from './earlier-runs.js';

/** @property progress the progress of earlier calls */
type Input<K extends keyof HrService> = Parameters<HrService[K]>[0] & { progress: InterviewProgress };

/** An attempt reads all that a calendar has for weeks, and works on that itself: more at once are no faster. */
const CALENDARS = { server: 'the calendars', atOnce: 4 };

export function createHrActivities(hr: HrService) {
  return {
    scheduleHrInterview: (input: Input<'scheduleInterview'>) =>
      attempt(async (attempt: Attempt<InterviewProgress>) => {
        const interview = input.progress.interview ?? (await earlierInterview(input.exitId));
        const memory = memoryOf(attempt, { progress: { ...input.progress, interview } });
        return hr.scheduleInterview(input, memory, attempt.signal);
      }, CALENDARS),

    rescheduleHrInterview: (input: Input<'rescheduleInterview'>) =>
      attempt(
        (attempt: Attempt<InterviewProgress>) =>
          hr.rescheduleInterview(input, memoryOf(attempt, input), attempt.signal),
        CALENDARS,
      ),

    cancelHrInterview: (input: Input<'cancelInterview'>) =>
      attempt(
        (attempt: Attempt<InterviewProgress>) =>
          hr.cancelInterview(input, memoryOf(attempt, input), attempt.signal),
        CALENDARS,
      ),
  };
}

export type HrActivities = ReturnType<typeof createHrActivities>;

const memoryOf = (attempt: Attempt<InterviewProgress>, input: { progress: InterviewProgress }) =>
  remember(attempt.progress ?? input.progress, attempt.report);
