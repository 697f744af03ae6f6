/** Login by OpenID Connect: code flow with PKCE (RFC 7636), state and nonce. */
import type { FastifyInstance } from 'fastify';
import * as oidc from 'openid-client';
import { HttpProblem } from './http-problem.js';
import type { Identity } from './identity.js';
import type { Sessions } from './login-sessions.js';
import { sealedCookie } from './sealed-cookie.js';
import { isPlainHttp, type Settings } from './settings.js';
import { personOf, type User } from './user.js';

interface LoginOptions {
  settings: Settings;
  identity: Identity;
  sessions: Sessions;
}

/** What the browser brings back from the provider. */
interface Attempt {
  verifier: string;
  state: string;
  nonce: string;
  to: string;
}

const WITHIN_S = 10 * 60;
/** Guesses of a login are slowed down. */
const limited = { config: { rateLimit: { max: 60, timeWindow: '1 minute' } } };

/** @returns the path where the text is one of this server; otherwise the list */
export function ownPath(text: string | undefined, publicUrl: string): string {
  const url = text?.startsWith('/') ? new URL(text, publicUrl) : undefined;
  return url?.origin === new URL(publicUrl).origin ? `${url.pathname}${url.search}` : '/';
}

export function routeLogin(app: FastifyInstance, { settings, identity, sessions }: LoginOptions): void {
  const { publicUrl, sessionKey } = settings;
  const attempts = sealedCookie<Attempt>('ems-login', sessionKey, !isPlainHttp(publicUrl));
  const callback = `${publicUrl}/login/callback`;

  app.get<{ Querystring: { to?: string } }>('/login', limited, async ({ query }, reply) => {
    const client = await identity.client();
    const attempt = {
      verifier: oidc.randomPKCECodeVerifier(),
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      to: ownPath(query.to, publicUrl),
    };
    await attempts.write(reply, attempt, Math.floor(Date.now() / 1000) + WITHIN_S);
    const url = oidc.buildAuthorizationUrl(client, {
      redirect_uri: callback,
      scope: settings.oidc.scope,
      code_challenge: await oidc.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
      state: attempt.state,
      nonce: attempt.nonce,
    });
    return reply.redirect(url.href);
  });

  app.get('/login/callback', limited, async (request, reply) => {
    const attempt = await attempts.read(request);
    attempts.clear(reply);
    if (!attempt) throw unfinished('it took more than ten minutes, or was begun in another browser');
    const client = await identity.client();
    const { user, idToken } = await granted(client, new URL(request.url, publicUrl), attempt);
    if (!user) throw unfinished('the identity provider gave no verified mail address of yours');
    await sessions.begin(reply, user, idToken);
    request.log.info({ act: 'login', subject: user.subject, address: request.ip }, 'a login');
    return reply.redirect(attempt.to);
  });

  app.post('/logout', async (request, reply) => {
    const session = await sessions.of(request, reply);
    if (!session) return reply.redirect('/logged-out', 303);
    sessions.requireOwnForm(session, request);
    const idToken = sessions.end(reply, session);
    const client = await identity.client();
    if (client.serverMetadata().end_session_endpoint === undefined) return reply.redirect('/logged-out', 303);
    const url = oidc.buildEndSessionUrl(client, {
      post_logout_redirect_uri: `${publicUrl}/logged-out`,
      // With it the provider need not ask (OpenID Connect RP-Initiated Logout 1.0 §2).
      ...(idToken !== undefined && { id_token_hint: idToken }),
    });
    return reply.redirect(url.href, 303);
  });

  /** @returns no user where the provider names no usable mail address. @throws HttpProblem where it refuses */
  async function granted(
    client: oidc.Configuration,
    url: URL,
    attempt: Attempt,
  ): Promise<{ user: User | undefined; idToken: string }> {
    try {
      const tokens = await oidc.authorizationCodeGrant(client, url, {
        pkceCodeVerifier: attempt.verifier,
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims()!;
      const more =
        client.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await oidc.fetchUserInfo(client, tokens.access_token, claims.sub);
      return { user: personOf({ ...claims, ...more }, settings.oidc), idToken: tokens.id_token! };
    } catch (error) {
      if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ClientError)
        throw unfinished(error.message);
      if (error instanceof oidc.ResponseBodyError) throw unfinished(error.error_description ?? error.error);
      throw error;
    }
  }
}

const unfinished = (why: string): HttpProblem =>
  new HttpProblem(400, 'unauthenticated', `The login did not finish: ${why}. Log in again`);
