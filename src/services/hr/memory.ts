import type { Interview, InterviewProgress } from '../../exit/interview.js';

/** The progress of all attempts of a step; durable once a promise resolves. */
export interface Memory {
  readonly interview: Interview | undefined;
  /** Whether the mail was accepted. */
  has: (messageId: string) => boolean;
  /** Before the calendar changes or a mail goes out. */
  recordInterview: (interview: Interview) => Promise<void>;
  /** After a mail was accepted. */
  recordDelivery: (to: string, messageId: string) => Promise<void>;
  /** Before the next mail: resolves once all of it is durable. */
  settle: () => Promise<void>;
}

/**
 * @param report keeps the progress
 * @param save makes durable what was reported
 */
export function remember(
  { interview, delivered }: InterviewProgress,
  report: (progress: InterviewProgress) => Promise<void> | void,
  save: () => Promise<void> = () => Promise.resolve(),
): Memory {
  let isDurable = true;
  async function keep(): Promise<void> {
    isDurable = false;
    await report({ interview, delivered });
  }
  async function settle(): Promise<void> {
    if (!isDurable) await save();
    isDurable = true;
  }
  return {
    get interview() {
      return interview;
    },
    has: (messageId) => delivered.includes(messageId),
    settle,
    async recordInterview(planned) {
      interview = { ...planned, sent: interview?.sent ?? [] };
      await keep();
      await settle();
    },
    recordDelivery(to, messageId) {
      delivered = [...delivered, messageId];
      interview = interview && { ...interview, sent: [...(interview.sent ?? []), { to, messageId }] };
      return keep();
    },
  };
}
