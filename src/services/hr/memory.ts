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
}

export function remember(
  { interview, delivered }: InterviewProgress,
  report: (progress: InterviewProgress) => Promise<void>,
): Memory {
  const keep = (): Promise<void> => report({ interview, delivered });
  return {
    get interview() {
      return interview;
    },
    has: (messageId) => delivered.includes(messageId),
    recordInterview(planned) {
      interview = { ...planned, sent: interview?.sent ?? [] };
      return keep();
    },
    recordDelivery(to, messageId) {
      delivered = [...delivered, messageId];
      interview = interview && { ...interview, sent: [...(interview.sent ?? []), { to, messageId }] };
      return keep();
    },
  };
}
