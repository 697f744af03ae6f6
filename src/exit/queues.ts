/** Task queues. With `taskQueues: shared` everything is on the first one, and activities can start eagerly. */
export const taskQueues = {
  exit: 'ems',
  notification: 'notification',
  hr: 'hr',
  access: 'access',
  steps: 'steps',
} as const;

/** The queue of a system with a rate limit, which its workers share. */
export const rateLimitedQueue = (system: string): string => `access-${system}`;
