/** The private key of signed decisions, which the API alone has. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JWK } from 'jose';
import { z } from 'zod';
import { KeyFields, type Sign } from '../exit/signature.js';
import { ConfigError } from './config-error.js';
import type { Environment } from './environment.js';
import { jsonSecret } from './json-secret.js';

const PrivateKey = KeyFields.extend({ d: z.string('must be the private key') });

/**
 * Signs as the API, by the private key in EMS_DECISION_KEY, or in the file that EMS_DECISION_KEY_FILE names: a JWK with its `kid`.
 * @returns undefined where the environment has neither
 * @throws ConfigError without the key
 */
export function loadSigner(env: Environment): (Sign & { kid: string }) | undefined {
  const { EMS_DECISION_KEY: inline, EMS_DECISION_KEY_FILE: file } = env;
  if (!inline && !file) return undefined;
  const field = inline ? 'EMS_DECISION_KEY' : 'EMS_DECISION_KEY_FILE';
  const { kid, ...jwk } = jsonSecret(PrivateKey, inline || text(file!, field), field);
  const sign: Sign = async (act) => {
    const { CompactSign, importJWK } = await import('jose');
    const claims = { ...act, iat: Math.floor(Date.now() / 1000), jti: randomUUID() };
    return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'EdDSA', kid })
      .sign(await importJWK(jwk as JWK, 'EdDSA'));
  };
  return Object.assign(sign, { kid });
}

function text(file: string, field: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${field}: ${(error as Error).message}`, { cause: error });
  }
}
