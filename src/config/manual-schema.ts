/** The part of a critical system's schema where no program reaches it: its owner blocks, restores and revokes, and confirms it. */
import { z } from 'zod';
import { DurationMs, Person } from './fields.js';

export const ManualService = z.strictObject({
  protocol: z.literal('manual'),
  owner: Person,
  remindEvery: DurationMs,
  /** A request that is not confirmed needs attention after this long. */
  within: DurationMs,
});
