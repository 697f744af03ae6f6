/**
 * The keys of personal data. What EMS gives to Temporal and to JetStream is then a JWE in compact serialization (RFC 7516 §7.1), by
 * direct encryption (RFC 7518 §4.5) with A256GCM. It is synchronous, as the codec of a bucket has to be.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { jsonSecret } from './json-secret.js';
import { secretIn } from './secret.js';

export interface DataKeys {
  /** The id of the key that encrypts; undefined where none does. */
  kid: string | undefined;
  seal: (data: Uint8Array) => Uint8Array;
  /**
   * @returns what was sealed; other data as it is, since other programs write too
   * @throws MissingDataKey; Error where the data was changed since
   */
  open: (data: Uint8Array) => Uint8Array;
  /** The same of a text, such as a header. */
  sealText: (text: string) => string;
  openText: (text: string) => string;
}

/** The data may be in order: only this process cannot read it. */
export class MissingDataKey extends Error {
  override readonly name = 'MissingDataKey';
}

const KEY_BYTES = 32;
/** RFC 7518 §5.3. */
const IV_BYTES = 12;
const TAG_BYTES = 16;

const Key = z.object({
  kty: z.literal('oct', 'must be "oct"'),
  kid: z.string('must be the id of the key').min(1).max(100),
  k: z
    .string('must be the key')
    .transform((text) => Buffer.from(text, 'base64url'))
    .refine(({ length }) => length === KEY_BYTES, 'must have 256 bits'),
});
const KeySet = z.object({
  keys: z
    .array(Key)
    .min(1, 'must not be empty')
    .refine(
      (keys) => new Set(keys.map(({ kid }) => kid)).size === keys.length,
      'must each have a kid of its own',
    ),
});
const Header = z.object({ alg: z.literal('dir'), enc: z.literal('A256GCM'), kid: z.string() });

/**
 * From EMS_DATA_KEYS: a JWK Set (RFC 7517 §5). The first key encrypts, and all decrypt.
 * @throws ConfigError without a part of the content
 */
export function loadDataKeys(env: Readonly<Record<string, string | undefined>>): DataKeys {
  const text = secretIn(env, 'EMS_DATA_KEYS');
  if (!text) return noDataKeys;
  const { keys } = jsonSecret(KeySet, text, 'EMS_DATA_KEYS', 'a JWK Set in JSON');
  return dataKeysOf(keys);
}

function dataKeysOf(keys: readonly z.output<typeof Key>[]): DataKeys {
  const byId = new Map(keys.map(({ kid, k }) => [kid, k]));
  const [first] = keys;
  const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: first?.kid })).toString(
    'base64url',
  );
  const keySet = {
    kid: first?.kid,
    seal(data: Uint8Array): Uint8Array {
      if (!first) return data;
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', first.k, iv).setAAD(Buffer.from(header));
      const text = Buffer.concat([cipher.update(data), cipher.final()]);
      const parts = [iv, text, cipher.getAuthTag()].map((part) => part.toString('base64url'));
      return Buffer.from([header, '', ...parts].join('.'));
    },
    open(data: Uint8Array): Uint8Array {
      const sealed = partsOf(data);
      if (!sealed) return data;
      const { kid, aad, iv, text, tag } = sealed;
      const key = byId.get(kid);
      if (!key)
        throw new MissingDataKey(
          `The data is encrypted by the key ${JSON.stringify(kid.slice(0, 100))}, which EMS_DATA_KEYS does not have: add that key`,
        );
      const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: TAG_BYTES })
        .setAAD(aad)
        .setAuthTag(tag);
      return Buffer.concat([decipher.update(text), decipher.final()]);
    },
  };
  return {
    ...keySet,
    sealText: (text) => Buffer.from(keySet.seal(Buffer.from(text))).toString(),
    openText: (text) => Buffer.from(keySet.open(Buffer.from(text))).toString(),
  };
}

/** Encrypts nothing, as the local default does. */
export const noDataKeys: DataKeys = dataKeysOf([]);

/** @returns undefined for what is no JWE of ours; JSON never begins as one */
function partsOf(data: Uint8Array) {
  if (data[0] !== 'e'.charCodeAt(0)) return undefined;
  const [header = '', key, ...rest] = Buffer.from(data).toString('latin1').split('.');
  const [iv, text, tag] = rest.map((part) => Buffer.from(part, 'base64url'));
  if (key !== '' || rest.length !== 3 || iv!.length !== IV_BYTES || tag!.length !== TAG_BYTES)
    return undefined;
  const { data: found } = Header.safeParse(jsonIn(Buffer.from(header, 'base64url').toString()));
  return found && { kid: found.kid, aad: Buffer.from(header), iv: iv!, text: text!, tag: tag! };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
