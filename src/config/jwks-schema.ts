import { z } from 'zod';
import { KeyFields } from '../exit/signature.js';

/** A JWK Set (RFC 7517 §5) of public keys, as JSON in one string: a variable of the environment can have it. */
export const KeySet = z
  .string('must be a JWK Set as JSON')
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'must be a JWK Set as JSON' });
      return z.NEVER;
    }
  })
  .pipe(z.object({ keys: z.array(KeyFields).min(1, 'must have at least one key') }))
  .refine(
    ({ keys }) => new Set(keys.map(({ kid }) => kid)).size === keys.length,
    'must have a kid of its own for each key',
  )
  .transform(({ keys }) => keys);
