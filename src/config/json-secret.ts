import type { z } from 'zod';
import { describeIssues } from '../exit/input.js';
import { ConfigError } from './config-error.js';

/**
 * Reads a secret that is JSON. The error has no part of the content: it may be a private key.
 * @param field names the variable in the error
 * @param what the content must be, for the error
 * @throws ConfigError
 */
export function jsonSecret<T>(schema: z.ZodType<T>, content: string, field: string, what = 'JSON'): T {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new ConfigError(`${field}: must be ${what}`, { cause: (error as Error).name });
  }
  const { data, error } = schema.safeParse(json);
  if (error) throw new ConfigError(`${field}: ${describeIssues(error)}`);
  return data;
}
