import { readFileSync } from 'node:fs';
import { ConfigError } from './config-error.js';

/**
 * A secret of the environment: the variable, or else the file that the variable with `_FILE` at its end names.
 * @returns undefined where neither is set
 * @throws ConfigError where the file cannot be read, or is empty
 */
export function secretIn(
  env: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const file = env[`${name}_FILE`];
  if (env[name] || !file) return env[name];
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${name}_FILE: ${(error as Error).message}`, { cause: error });
  }
  // Editors end the last line.
  const secret = text.replace(/\r?\n$/, '');
  if (secret) return secret;
  throw new ConfigError(`${name}_FILE: the file ${file} is empty`);
}
