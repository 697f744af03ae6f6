/** What the API says of its tokens (OAuth 2.0 Protected Resource Metadata, RFC 9728): a client needs no more than the console's address. */
import { z } from 'zod';
import { acts, scopeOf } from './roles.js';
import { SafeUrl, type Settings } from './settings.js';

/** That of `<EMS_PUBLIC_URL>/api` (RFC 9728 §3.1). */
export const METADATA_PATH = '/.well-known/oauth-protected-resource/api';

export const ProtectedResource = z.object({
  /** The audience of the tokens. */
  resource: z.string(),
  authorization_servers: z.tuple([SafeUrl], SafeUrl),
  scopes_supported: z.array(z.string()),
});

export const protectedResourceOf = ({ oidc }: Settings): z.input<typeof ProtectedResource> => ({
  resource: oidc.audience,
  authorization_servers: [oidc.issuer],
  scopes_supported: acts.map(scopeOf),
});
