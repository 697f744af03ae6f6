/**
 * The OpenID provider of the embedded default, for trying out: it asks for no password. Its settings come from the environment, so that no
 * process list shows the secrets. Logins are in memory.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair } from 'jose';
import Provider, { type Configuration, type KoaContextWithOIDC } from 'oidc-provider';
import { acts, scopeOf } from '../http/roles.js';
import { accounts, type Account } from './identity-accounts.js';
import {
  codePage,
  confirmPage,
  confirmedPage,
  loginPage,
  signedOutPage,
  signOutPage,
} from './identity-pages.js';

const {
  IDENTITY_PORT: port,
  CONSOLE_URL: consoleUrl,
  CONSOLE_SECRET: consoleSecret,
  PROGRAM_SECRET: programSecret,
} = process.env;
if (!port || !consoleUrl || !consoleSecret || !programSecret)
  throw new Error('The identity provider needs its port, the URL of the console, and the secrets');

const audience = `${consoleUrl}/api`;
const scopes = acts.map(scopeOf);
const { privateKey } = await generateKeyPair('ES256', { extractable: true });

const server = createServer();
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const accountOf = (id: string | undefined): Account | undefined => accounts.find((each) => each.id === id);
const claimsOf = ({ id, email, name, roles }: Account) => ({
  sub: id,
  email,
  email_verified: true,
  name,
  roles,
});

const configuration: Configuration = {
  clients: [
    {
      client_id: 'ems-console',
      client_secret: consoleSecret,
      redirect_uris: [`${consoleUrl}/login/callback`],
      post_logout_redirect_uris: [`${consoleUrl}/logged-out`],
      id_token_signed_response_alg: 'ES256',
    },
    {
      client_id: 'hris',
      client_secret: programSecret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    },
    {
      // A public client: a secret on the machines of people is none (RFC 8252 §8.5).
      client_id: 'ems-terminal',
      token_endpoint_auth_method: 'none',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'roles'] },
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  findAccount(_context, id) {
    const account = accountOf(id);
    return account && { accountId: id, claims: () => claimsOf(account) };
  },
  // The API knows a person by the access token alone.
  extraTokenClaims(_context, token) {
    const account = token.kind === 'AccessToken' ? accountOf(token.accountId) : undefined;
    return account && claimsOf(account);
  },
  issueRefreshToken: (_context, client) => client.grantTypeAllowed('refresh_token'),
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  // Acme's own client: no person is asked what it may know of them.
  async loadExistingGrant({ oidc: { client, session, provider } }: KoaContextWithOIDC) {
    const grant = new provider.Grant({ accountId: session!.accountId!, clientId: client!.clientId });
    grant.addOIDCScope('openid email profile');
    grant.addResourceScope(audience, scopes.join(' '));
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: { enabled: true },
    deviceFlow: {
      enabled: true,
      userCodeInputSource(context, form, _out, error) {
        context.body = codePage(form, error?.message);
      },
      userCodeConfirmSource(context, form, _client, _device, code) {
        context.body = confirmPage(form, code);
      },
      successSource(context) {
        context.body = confirmedPage();
      },
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: (_context, client) => (client?.clientId === 'hris' ? audience : []),
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: scopes.join(' '),
        audience,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource(context, form) {
        context.body = signOutPage(form);
      },
      postLogoutSuccessSource(context) {
        context.body = signedOutPage();
      },
    },
  },
  renderError(context, { error, error_description: why }) {
    context.type = 'text';
    context.body = `${error}: ${why ?? ''}`;
  },
};

const provider = new Provider(issuer, configuration);
provider.use(async (context, next) => {
  const [, uid] = /^\/interaction\/([\w-]+)$/.exec(context.path) ?? [];
  if (uid === undefined) return next();
  if (context.method === 'GET') {
    context.type = 'html';
    context.set(
      'content-security-policy',
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    );
    context.body = loginPage(uid, accounts);
    return;
  }
  const chosen = new URLSearchParams(await text(context.req)).get('email');
  const account = accounts.find(({ email }) => email === chosen);
  if (!account) return context.throw(400, 'Acme has no such person');
  await provider.interactionFinished(context.req, context.res, { login: { accountId: account.id } });
  context.respond = false;
});
const answer = provider.callback();
server.on('request', (request, response) => void answer(request, response));
process.send?.({ port: (server.address() as AddressInfo).port });
