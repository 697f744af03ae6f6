/** Temporal task queues. With `taskQueues: shared` all work is on the first one, and activities start eagerly. */
export const taskQueues = {
  exit: 'ems',
  notification: 'notification',
  hr: 'hr',
  access: 'access',
  steps: 'steps',
} as const;

/** The task queue of a system with a rate limit; Temporal limits the rate per queue, across workers. */
export const rateLimitedQueue = (system: string): string => `access-${system}`;
