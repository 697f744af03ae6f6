/** The settings of `ems serve`, from the environment. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../config/config-error.js';
import type { Environment } from '../config/environment.js';
import { secretIn } from '../config/secret.js';
import { describeIssues } from '../exit/input.js';
import type { Role } from './roles.js';

const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/** Over plain http, cookies and tokens can be read on the way, so only this machine may use it. */
export const isPlainHttp = (url: string): boolean => new URL(url).protocol === 'http:';

export const SafeUrl = z
  .url({ protocol: /^https?$/, error: 'must be an address such as https://exits.acme.example', abort: true })
  .refine((text) => !isPlainHttp(text) || isLoopback(new URL(text)), 'must be https, except on 127.0.0.1')
  .transform((text) => text.replace(/\/$/, ''));
const Text = z.string('must be set').min(1, 'must be set');
const values = (byDefault: string) =>
  z
    .string()
    .default(byDefault)
    .transform((text) =>
      text
        .split(',')
        .map((value) => value.trim())
        .filter(Boolean),
    );

const Variables = z
  .object({
    EMS_HTTP_HOST: z.string().default('127.0.0.1'),
    EMS_HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8090),
    /** The address that browsers use. */
    EMS_PUBLIC_URL: SafeUrl.optional(),
    /** Addresses of reverse proxies whose `X-Forwarded-For` counts. */
    EMS_TRUSTED_PROXIES: z.string().optional(),
    /** The address of Temporal's Web UI for browsers: its pages may have payloads decrypted. */
    EMS_TEMPORAL_UI_URL: SafeUrl.optional(),
    EMS_REQUESTS_PER_MINUTE: z.coerce.number().int().positive().default(600),
    /** Encrypts the session cookies. All processes behind one address need the same one. */
    EMS_SESSION_SECRET: Text.min(32, 'must have at least 32 characters'),
    EMS_OIDC_ISSUER: SafeUrl,
    EMS_OIDC_CLIENT_ID: Text,
    EMS_OIDC_CLIENT_SECRET: Text,
    EMS_OIDC_SCOPE: z.string().default('openid profile email'),
    /** `aud` of the bearer tokens for the API. */
    EMS_OIDC_AUDIENCE: z.string().optional(),
    /** Client ids of programs, whose tokens name no person. */
    EMS_OIDC_PROGRAMS: values(''),
    /** The claim with the roles: `roles`, `groups`, `realm_access.roles`. */
    EMS_OIDC_ROLES_CLAIM: z.string().default('roles'),
    EMS_ROLE_HR: values('hr'),
    EMS_ROLE_OPERATOR: values('operator'),
    EMS_ROLE_AUDITOR: values('auditor'),
  })
  .transform((env) => {
    const publicUrl = env.EMS_PUBLIC_URL ?? `http://127.0.0.1:${env.EMS_HTTP_PORT}`;
    return {
      host: env.EMS_HTTP_HOST,
      port: env.EMS_HTTP_PORT,
      publicUrl,
      trustedProxies: env.EMS_TRUSTED_PROXIES,
      temporalUi: env.EMS_TEMPORAL_UI_URL && new URL(env.EMS_TEMPORAL_UI_URL).origin,
      requestsPerMinute: env.EMS_REQUESTS_PER_MINUTE,
      /** 256 bits. */
      sessionKey: createHash('sha256').update(env.EMS_SESSION_SECRET).digest(),
      oidc: {
        issuer: env.EMS_OIDC_ISSUER,
        clientId: env.EMS_OIDC_CLIENT_ID,
        clientSecret: env.EMS_OIDC_CLIENT_SECRET,
        scope: env.EMS_OIDC_SCOPE,
        audience: env.EMS_OIDC_AUDIENCE ?? `${publicUrl}/api`,
        programs: env.EMS_OIDC_PROGRAMS,
        rolesClaim: env.EMS_OIDC_ROLES_CLAIM,
        /** The values of the claim that mean a role. */
        roleValues: {
          hr: env.EMS_ROLE_HR,
          operator: env.EMS_ROLE_OPERATOR,
          auditor: env.EMS_ROLE_AUDITOR,
        } satisfies Record<Role, string[]>,
      },
    };
  });

export type Settings = z.output<typeof Variables>;

const SECRETS = ['EMS_SESSION_SECRET', 'EMS_OIDC_CLIENT_SECRET'];

/** @throws ConfigError */
export function loadSettings(env: Environment): Settings {
  // An empty variable is one that compose files pass on unset.
  const secrets = SECRETS.map((name) => [name, secretIn(env, name)] as const);
  const given = [...Object.entries(env), ...secrets];
  const set = Object.fromEntries(given.filter(([, value]) => value !== '' && value !== undefined));
  const { data, error } = Variables.safeParse(set);
  if (data) return data;
  throw new ConfigError(
    `The console does not start without knowing who is asking: ${describeIssues(error)} (docs/console.md)`,
  );
}
