import type { Interview, InterviewProgress } from '../../exit/interview.js';

/** What earlier attempts reached, and what this one adds to it: durable once a promise resolves. */
export interface Memory {
  readonly interview: Interview | undefined;
  /** @param messageId of a mail that was accepted */
  has: (messageId: string) => boolean;
  /** Before the calendar is changed, or anybody written to. */
  decide: (interview: Interview) => Promise<void>;
  /** After a mail was accepted. */
  deliver: (to: string, messageId: string) => Promise<void>;
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
    decide(decided) {
      interview = { ...decided, sent: interview?.sent ?? [] };
      return keep();
    },
    deliver(to, messageId) {
      delivered = [...delivered, messageId];
      interview = interview && { ...interview, sent: [...(interview.sent ?? []), { to, messageId }] };
      return keep();
    },
  };
}
