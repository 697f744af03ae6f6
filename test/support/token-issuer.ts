/** An issuer of tokens whose keys a test has, for tokens that a real provider does not give out: expired ones, for instance. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';

export type TokenIssuer = Awaited<ReturnType<typeof startTokenIssuer>>;

interface IssuerOptions {
  /** Offers the device flow, in which no one ever confirms a code; it expires after so many seconds. */
  codeExpiresIn?: number;
}

export async function startTokenIssuer({ codeExpiresIn }: IssuerOptions = {}) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const stranger = await generateKeyPair('ES256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' }];
  const server = createServer(({ url }, response) => {
    const documents: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer,
        jwks_uri: `${issuer}/jwks`,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
        ...(codeExpiresIn !== undefined && { device_authorization_endpoint: `${issuer}/device` }),
      },
      '/jwks': { keys },
      '/device': {
        ...{ device_code: 'a code', user_code: 'ABCD-EFGH', verification_uri: `${issuer}/activate` },
        ...{ expires_in: codeExpiresIn, interval: 1 },
      },
    };
    const pending = url === '/token' ? { error: 'authorization_pending' } : undefined;
    const document = documents[url!] ?? pending;
    response.writeHead(pending ? 400 : document ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(document ?? {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  interface Changes {
    audience?: string;
    issuer?: string;
    /** Seconds from now. */
    expiresIn?: number;
    /** Whether a key signs that the issuer does not publish. */
    byStranger?: boolean;
  }
  return {
    issuer,
    token(claims: JWTPayload, audience: string, changes: Changes = {}): Promise<string> {
      return new SignJWT({ sub: 'a-subject', ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: 'test' })
        .setIssuer(changes.issuer ?? issuer)
        .setAudience(changes.audience ?? audience)
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + (changes.expiresIn ?? 300))
        .sign(changes.byStranger ? stranger.privateKey : privateKey);
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
