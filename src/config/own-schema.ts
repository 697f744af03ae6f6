/** The part of a critical system's schema where your own module reaches it. */
import { z } from 'zod';

export const OwnAdapter = z.strictObject({
  protocol: z.literal('own'),
  /** The module, relative to the configuration file. */
  adapter: z.string('must be the module of your adapter, such as "./our-payroll.js"').min(1),
  /** Handed to the adapter as they are. */
  options: z.record(z.string(), z.json()).default({}),
});
