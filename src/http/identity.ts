/** The OpenID provider: discovered on first use, so that the server starts before it, and outlives its outages. */
import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import * as oidc from 'openid-client';
import { HttpProblem } from './http-problem.js';
import { METADATA_PATH } from './protected-resource.js';
import { isPlainHttp, type Settings } from './settings.js';
import { bearerOf, type User } from './user.js';

export type Identity = ReturnType<typeof identityOf>;

/** No symmetric ones: the client secret must not sign tokens (RFC 8725 §3.1). */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];

export function identityOf({ oidc: settings, publicUrl }: Pick<Settings, 'oidc' | 'publicUrl'>) {
  const { issuer, clientId, clientSecret, audience } = settings;
  /** Names the metadata (RFC 9728 §5.1). */
  const challenge = `Bearer realm="ems", resource_metadata="${publicUrl}${METADATA_PATH}"`;
  let discovered: Promise<{ client: oidc.Configuration; keys: JWTVerifyGetKey }> | undefined;

  async function discover(): Promise<{ client: oidc.Configuration; keys: JWTVerifyGetKey }> {
    // Settings allow plain http to this machine only.
    const execute = isPlainHttp(issuer) ? [oidc.allowInsecureRequests] : [];
    const client = await oidc.discovery(new URL(issuer), clientId, clientSecret, undefined, { execute });
    const { jwks_uri: keysUrl } = client.serverMetadata();
    if (keysUrl === undefined) throw new Error('it publishes no keys (jwks_uri)');
    return { client, keys: createRemoteJWKSet(new URL(keysUrl)) };
  }

  /** @throws HttpProblem 503 where the provider does not answer */
  async function provider(): Promise<{ client: oidc.Configuration; keys: JWTVerifyGetKey }> {
    discovered ??= discover();
    try {
      return await discovered;
    } catch (error) {
      discovered = undefined;
      const { message, cause } = error as Error & { cause?: Error };
      const why = `${message}${cause instanceof Error ? ` (${cause.message})` : ''}`;
      throw unavailable(issuer, why);
    }
  }

  return {
    client: async (): Promise<oidc.Configuration> => (await provider()).client,

    /**
     * @param header `Bearer <JWT>` (RFC 6750 §2.1)
     * @throws HttpProblem 401 with WWW-Authenticate
     */
    async bearer(header: string | undefined): Promise<User> {
      const [, token] = /^Bearer +(\S+) *$/i.exec(header ?? '') ?? [];
      if (token === undefined)
        throw new HttpProblem(401, 'unauthenticated', 'The request has no bearer token', {
          'www-authenticate': challenge,
        });
      const { keys } = await provider();
      try {
        const { payload } = await jwtVerify(token, keys, {
          ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: '10s' },
          requiredClaims: ['sub', 'exp'],
        });
        return bearerOf(payload, settings);
      } catch (error) {
        if (!(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout)
          throw unavailable(issuer, (error as Error).message);
        throw new HttpProblem(401, 'unauthenticated', `The bearer token does not count: ${error.message}`, {
          'www-authenticate': `${challenge}, error="invalid_token"`,
        });
      }
    },
  };
}

const unavailable = (issuer: string, why: string): HttpProblem =>
  new HttpProblem(503, 'unreachable', `The identity provider ${issuer} does not answer: ${why}`);
