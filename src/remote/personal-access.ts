/** As whom `ems` asks a console: with a token of the environment, else with the login that is kept. */
import { decodeJwt, errors } from 'jose';
import { ConfigError } from '../config/config-error.js';
import { emsHome, type Environment } from '../config/environment.js';
import { secretIn } from '../config/secret.js';
import { SafeUrl } from '../http/settings.js';
import type { Access } from './api-client.js';
import { readLogin } from './login-file.js';

export interface PersonalAccess extends Access {
  /** Who acts: a mail address, or the name of a program. */
  person: string;
}

/**
 * @param console its address, where one is known
 * @returns undefined where there is neither a token nor a login
 * @throws ConfigError
 */
export function accessTo(console: string | undefined, env: Environment): PersonalAccess | undefined {
  const token = secretIn(env, 'EMS_TOKEN');
  if (token)
    return {
      ...{ console: consoleAt(console), person: personOf(token) },
      token: () => Promise.resolve(token),
    };
  const { data: address } = SafeUrl.safeParse(console);
  const home = emsHome(env);
  const kept = address === undefined ? undefined : readLogin(home, address);
  if (!kept) return undefined;
  return {
    ...{ console: kept.console, person: kept.person },
    async token() {
      const { freshLogin } = await import('./login-renewal.js');
      return (await freshLogin(home, kept.console)).accessToken;
    },
  };
}

/** @throws ConfigError where there is none, or a token could be read on the way there */
export function consoleAt(address: string | undefined): string {
  if (address === undefined)
    throw new ConfigError(
      'EMS_PUBLIC_URL: must be set to the address of the console, since no local stack runs here',
    );
  const { data, error } = SafeUrl.safeParse(address);
  if (data !== undefined) return data;
  throw new ConfigError(`EMS_PUBLIC_URL: ${error.issues[0]!.message}`);
}

/** For the terminal alone: the console checks the token. */
function personOf(token: string): string {
  try {
    const { email, client_id: client, azp } = decodeJwt<Partial<Record<string, string>>>(token);
    return email ?? client ?? azp ?? 'a program';
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw new ConfigError('EMS_TOKEN: must be a JWT', { cause: error });
  }
}
