/** The part of a critical system's schema where no program reaches it: its owner blocks, restores and revokes, and confirms it. */
import { z } from 'zod';
import { DurationMs, Person, RemindMs } from './fields.js';

export const ManualService = z.strictObject({
  protocol: z.literal('manual'),
  owner: Person,
  remindEvery: RemindMs,
  /** A request that is not confirmed needs attention after this long. */
  within: DurationMs,
  /** During the hold its owner is asked this often to look again and to confirm anew; default: not before the decision. */
  lookAgainEvery: RemindMs.optional(),
});
