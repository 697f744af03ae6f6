/** Cookies that only this server reads: encrypted and authenticated (JWE, RFC 7516), each with an end. */
import { parseCookie, stringifySetCookie } from 'cookie';
import { EncryptJWT, errors, jwtDecrypt } from 'jose';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface SealedCookie<T> {
  read: (request: FastifyRequest) => Promise<T | undefined>;
  /** @param until epoch seconds */
  write: (reply: FastifyReply, value: T, until: number) => Promise<void>;
  clear: (reply: FastifyReply) => void;
}

/**
 * @param name also the purpose: a cookie does not count under another name
 * @param key 256 bits
 * @param isSecure whether browsers use https
 */
export function sealedCookie<T extends object>(
  name: string,
  key: Uint8Array,
  isSecure: boolean,
): SealedCookie<T> {
  // The prefix makes browsers refuse the cookie from a sibling host (RFC 6265bis §4.1.3.2).
  const cookieName = isSecure ? `__Host-${name}` : name;
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure } as const;
  const set = (reply: FastifyReply, value: string, expires: Date): void =>
    void reply.header('set-cookie', stringifySetCookie({ name: cookieName, value, expires, ...attributes }));

  return {
    async read({ headers }) {
      const text = parseCookie(headers.cookie ?? '')[cookieName];
      if (!text) return undefined;
      try {
        const { payload } = await jwtDecrypt(text, key, {
          audience: name,
          contentEncryptionAlgorithms: ['A256GCM'],
          keyManagementAlgorithms: ['dir'],
        });
        return payload['value'] as T;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },

    async write(reply, value, until) {
      const text = await new EncryptJWT({ value })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(name)
        .setExpirationTime(until)
        .encrypt(key);
      set(reply, text, new Date(until * 1000));
    },

    clear: (reply) => set(reply, '', new Date(0)),
  };
}
