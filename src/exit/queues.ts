/** Task queues. With `taskQueues: shared` everything is on the first one, and activities can start eagerly. */
export const taskQueues = {
  exit: 'ems',
  notification: 'notification',
  hr: 'hr',
  access: 'access',
} as const;
