/** The activities of the reminders of openings: which are due, by Temporal's index, and until when they were sent. */
import { Context } from '@temporalio/activity';
import { ScheduleNotFoundError } from '@temporalio/client';
import { openingReminders, type OpeningReminder } from '../exit/opening-reminders.js';
import type { Review } from '../exit/review.js';
import { attempt } from './attempt.js';
import { waitingOpenings } from './waiting-openings.js';

/** The schedule of the reminders. Its note says until when they were sent, since a run has no memory of the one before. */
export const OPENING_REMINDERS = 'opening-reminders';

export const createOpeningActivities = (review: Review) => ({
  remindersDue: ({ now }: { now: string }): Promise<OpeningReminder[]> =>
    attempt(async () => {
      const { client } = Context.current();
      const { state } = await client.schedule.getHandle(OPENING_REMINDERS).describe();
      return openingReminders(await waitingOpenings(client), review, now, state.note);
    }),

  noteReminded: ({ now }: { now: string }): Promise<void> =>
    attempt(async () => {
      try {
        await Context.current()
          .client.schedule.getHandle(OPENING_REMINDERS)
          .update(({ spec, action, policies, state }) => ({
            ...{ spec, action, policies },
            state: { ...state, note: now },
          }));
      } catch (error) {
        // No opening waits any more.
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      }
    }),
});

export type OpeningActivities = ReturnType<typeof createOpeningActivities>;
