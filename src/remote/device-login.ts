/** Logs in by the OAuth 2.0 Device Authorization Grant (RFC 8628), at the authorization server that the console names. */
import * as oidc from 'openid-client';
import { Refusal } from '../exit/refusal.js';
import type { UserAnswer } from '../http/api-schemas.js';
import { METADATA_PATH, ProtectedResource } from '../http/protected-resource.js';
import { isPlainHttp } from '../http/settings.js';
import { reasonOf } from '../services/protocols/fetch-failure.js';
import { apiClientOf } from './api-client.js';
import type { Login } from './login-file.js';

type Provider = Pick<Login, 'issuer' | 'clientId' | 'resource'>;

interface DeviceLogin {
  console: string;
  clientId: string;
  /** Tells the person which page to open, and the code that it is to show. */
  tell: (page: string, code: string) => void;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** @returns the login, which the console has taken once, and whose it is */
export async function logIn({
  console,
  clientId,
  tell,
  signal,
}: DeviceLogin): Promise<{ login: Login; user: UserAnswer }> {
  const { resource, authorization_servers, scopes_supported } = await metadataOf(console);
  const provider = { issuer: authorization_servers[0], clientId, resource };
  const client = await clientOf(provider).catch((error: unknown) => {
    throw refused(error, provider);
  });
  if (client.serverMetadata().device_authorization_endpoint === undefined)
    throw new Error(
      `${provider.issuer} offers no login for terminals (device flow, RFC 8628): switch it on there (docs/console.md), or set EMS_TOKEN`,
    );
  const scope = ['openid profile email', ...scopes_supported].join(' ');
  const asked = await oidc
    .initiateDeviceAuthorization(client, { scope, ...resourceOf(provider) })
    .catch((error: unknown) => {
      throw refused(error, provider);
    });
  tell(asked.verification_uri_complete ?? asked.verification_uri, asked.user_code);
  const late = AbortSignal.timeout(asked.expires_in * 1000);
  const tokens = await oidc
    .pollDeviceAuthorizationGrant(client, asked, resourceOf(provider), {
      signal: AbortSignal.any([signal, late]),
    })
    .catch((error: unknown) => {
      if (signal.aborted) throw new Error('The login was broken off', { cause: error });
      const isLate = late.aborted || (error as { error?: string }).error === 'expired_token';
      throw isLate
        ? new Error('The code expired before it was confirmed: log in again', { cause: error })
        : refused(error, provider);
    });
  const kept = { console, ...provider, ...keptOf(tokens) };
  const api = apiClientOf({ console, token: () => Promise.resolve(kept.accessToken) });
  const user = await api.get<UserAnswer>('/me');
  if (user.email === undefined)
    throw new Error(
      `${provider.issuer} gave a token without a verified mail address, which may do nothing: let it put email into access tokens (docs/console.md)`,
    );
  return { login: { ...kept, person: user.email }, user };
}

/** @throws Refusal where only a new login helps */
export async function renewed(login: Login): Promise<Login> {
  const { expiresAt, refreshToken, person } = login;
  if (refreshToken === undefined) throw ended(person, `its token expires at ${expiresAt}`);
  try {
    const client = await clientOf(login);
    const tokens = await oidc.refreshTokenGrant(client, refreshToken, resourceOf(login));
    return { ...login, ...keptOf(tokens) };
  } catch (error) {
    if (!(error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant'))
      throw refused(error, login);
    throw ended(person, `the identity provider says ${error.error}`);
  }
}

/** @returns whether the provider has revoked it (RFC 7009), so that a copy is of no use */
export async function revoke(login: Login): Promise<boolean> {
  const { issuer, refreshToken } = login;
  if (refreshToken === undefined) return false;
  try {
    const client = await clientOf(login);
    if (client.serverMetadata().revocation_endpoint === undefined) return false;
    await oidc.tokenRevocation(client, refreshToken, { token_type_hint: 'refresh_token' });
    return true;
  } catch (error) {
    throw new Error(`${issuer} has not revoked the login, which is deleted here: ${whyOf(error)}`, {
      cause: error,
    });
  }
}

async function metadataOf(console: string) {
  const address = `${console}${METADATA_PATH}`;
  const unusable = (why: string, cause: unknown) =>
    new Error(`${address} does not tell where to log in: ${why}. Is ${console} the address of the console?`, {
      cause,
    });
  const answer = await fetch(address, { redirect: 'error' }).catch((error: unknown) => {
    throw unusable(reasonOf(error), error);
  });
  const { data, error } = ProtectedResource.safeParse(await answer.json().catch(() => undefined));
  if (data) return data;
  throw unusable(`it answered with ${answer.status} and no metadata (RFC 9728)`, error);
}

function clientOf({ issuer, clientId }: Provider): Promise<oidc.Configuration> {
  // The metadata allows plain http to this machine only.
  const execute = isPlainHttp(issuer) ? [oidc.allowInsecureRequests] : [];
  return oidc.discovery(new URL(issuer), clientId, undefined, oidc.None(), { execute });
}

/** Resource Indicators (RFC 8707) are URIs; an audience need not be one. */
const resourceOf = ({ resource }: Provider): Record<string, string> =>
  URL.canParse(resource) ? { resource } : {};

function keptOf(tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers) {
  const { access_token: accessToken, refresh_token: refreshToken } = tokens;
  const seconds = tokens.expiresIn();
  const expiresAt = seconds === undefined ? undefined : new Date(Date.now() + seconds * 1000).toISOString();
  // A provider that does not rotate refresh tokens gives none with a renewal.
  return { accessToken, ...(refreshToken !== undefined && { refreshToken }), expiresAt };
}

const ended = (person: string, why: string): Refusal =>
  new Refusal('unauthenticated', `The login of ${person} has ended: ${why}`);

const refused = (error: unknown, { issuer, clientId }: Provider): Error =>
  new Error(`${issuer} does not log the client ${clientId} in: ${whyOf(error)}`, { cause: error });

const whyOf = (error: unknown): string =>
  error instanceof oidc.ResponseBodyError
    ? [error.error, error.error_description].filter(Boolean).join(', ')
    : reasonOf(error);
