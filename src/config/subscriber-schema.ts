/** Programs outside EMS that hear of exits. */
import { z } from 'zod';
import { publishedTypes } from '../exit/published-events.js';
import { DurationMs, Name, Url, VariableName } from './fields.js';

export const Subscriber = z.strictObject({
  name: Name,
  url: Url,
  /** Default: all of them. */
  events: z
    .array(z.enum(publishedTypes, `must be one of ${publishedTypes.join(', ')}`))
    .min(1, 'must name at least one, or be left out')
    .default(publishedTypes),
  /** The environment variable with the secrets: each of them signs, so that one can be rotated. */
  secretsEnv: VariableName,
  /** A delivery is retried for so long, counted from the event. */
  giveUpAfter: DurationMs.prefault('PT72H'),
});
