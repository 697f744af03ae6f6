/** Reads and validates the configuration: `ems.config.yaml`, with secrets from the environment. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parse as parseYaml } from 'yaml';
import type { z } from 'zod';
import { describeIssues } from '../exit/input.js';
import type { Contact } from '../exit/people.js';
import { ConfigError } from './config-error.js';
import type { Environment } from './environment.js';
import { ConfigFile } from './schema.js';
import { secretIn } from './secret.js';

type Checked = z.output<typeof ConfigFile>;
/** A SCIM server. Reading the token throws a ConfigError where the environment lacks it. */
interface ScimAccess {
  readonly scimUrl: string;
  readonly token: string;
}
/** A CalDAV calendar. Reading the password throws a ConfigError where the environment lacks it. */
interface CalendarConfig {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}
export interface HrPartnerConfig extends Contact {
  calendar?: CalendarConfig | undefined;
}
type CheckedSystem = Checked['systems'][number];
type CheckedLdap = Extract<CheckedSystem, { protocol: 'ldap' }>;
export type ManualSystemConfig = Extract<CheckedSystem, { protocol: 'manual' }>;
type CheckedScim = Extract<CheckedSystem, { protocol: 'scim' }>;
type CheckedKeycloak = Extract<CheckedSystem, { protocol: 'keycloak' }>;
type SessionRevocationConfig = Omit<NonNullable<CheckedScim['sessionRevocation']>, 'tokenEnv'> & {
  readonly token: string;
};
export type ScimSystemConfig = Omit<CheckedScim, 'tokenEnv' | 'sessionRevocation'> &
  ScimAccess & { sessionRevocation?: SessionRevocationConfig | undefined };
/** Reading `password` or `ca` throws a ConfigError where the environment, or the file, is missing. */
export type LdapSystemConfig = Omit<CheckedLdap, 'passwordEnv' | 'caFile'> & {
  readonly password: string;
  readonly ca: string | undefined;
};
/** Reading `clientSecret` throws a ConfigError where the environment variable is missing. */
export type KeycloakSystemConfig = Omit<CheckedKeycloak, 'clientSecretEnv'> & {
  readonly clientSecret: string;
};
/** `adapter` is a file URL. */
export type OwnSystemConfig = Extract<CheckedSystem, { protocol: 'own' }> & {
  /** @throws ConfigError where the environment lacks the variable */
  secret: (name: string) => string;
};
/** A critical system that a program can ask. */
export type AskedSystemConfig = ScimSystemConfig | LdapSystemConfig | KeycloakSystemConfig | OwnSystemConfig;
export type SystemConfig = AskedSystemConfig | ManualSystemConfig;

/** Standard Webhooks, "Signature scheme": 24 to 64 bytes in base64. */
const SIGNING_SECRET = /^(whsec_)?[A-Za-z0-9+/]{32,86}={0,2}$/;

/** Whether openings may have to wait for a second person. */
export const hasLimits = ({ openings: { perHour, perTable } }: Pick<Config, 'openings'>): boolean =>
  perHour !== undefined || perTable !== undefined;

export const isManual = (system: SystemConfig): system is ManualSystemConfig => system.protocol === 'manual';
export const isAsked = (system: SystemConfig): system is AskedSystemConfig => !isManual(system);

type MailConfig = Omit<Checked['mail'], 'passwordEnv'> & { readonly password?: string | undefined };
export type InterviewPolicy = Checked['interview'];
type CheckedStep = Checked['steps'][number];
export type StepConfig = Omit<CheckedStep, 'call'> & {
  /** Reading the token throws a ConfigError where the environment lacks it. */
  call?: { readonly url: string; readonly token: string | undefined } | undefined;
};
/** Reading `secrets` throws a ConfigError where the environment lacks them, or one is malformed. */
export type WebhookConfig = Omit<Checked['webhooks'][number], 'secretsEnv'> & {
  readonly secrets: string[];
};
/** Reading `secrets` throws a ConfigError, as that of a webhook. */
type SubscriberConfig = Omit<Checked['subscribers'][number], 'secretsEnv'> & {
  readonly secrets: string[];
};
export type Config = Omit<
  Checked,
  'systems' | 'steps' | 'directory' | 'mail' | 'contacts' | 'webhooks' | 'subscribers'
> & {
  directory: ScimAccess;
  mail: MailConfig;
  contacts: Omit<Checked['contacts'], 'hrPartners'> & { hrPartners: [HrPartnerConfig, ...HrPartnerConfig[]] };
  systems: SystemConfig[];
  steps: StepConfig[];
  webhooks: WebhookConfig[];
  subscribers: SubscriberConfig[];
};

/**
 * Reads `ems.config.yaml`, or the file that EMS_CONFIG names. The environment replaces `${NAME}` and `${NAME:-default}` in its values.
 * The file names the variables of tokens and passwords.
 * @param defaults for variables that the environment does not set
 * @throws ConfigError
 */
export function loadConfig(defaults: Environment = {}, environment: Environment = process.env): Config {
  const env = { ...defaults, ...environment };
  const file = env['EMS_CONFIG'] ?? 'ems.config.yaml';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`Cannot read the configuration ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return parseConfig(text, file, env);
}

/** @throws ConfigError */
export function parseConfig(text: string, file: string, env: Environment): Config {
  let document: unknown;
  try {
    document = parseYaml(text, (_key, value: unknown) =>
      typeof value === 'string' ? fillIn(value, env) : value,
    );
  } catch (error) {
    throw new ConfigError(`${file}: ${(error as Error).message}`, { cause: error });
  }
  const result = ConfigFile.safeParse(document);
  if (!result.success) throw new ConfigError(`${file}: ${describeIssues(result.error)}`);

  const secret = (name: string, field: string): string => {
    const value = secretIn(env, name);
    if (value) return value;
    throw new ConfigError(`${file}: ${field}: the environment variable ${name} is not set`);
  };
  const signingSecrets = (name: string, field: string): string[] => {
    const secrets = secret(name, field)
      .trim()
      .split(/[\s,]+/);
    if (secrets.every((each) => SIGNING_SECRET.test(each))) return secrets;
    throw new ConfigError(
      `${file}: ${field}: the environment variable ${name} must have one or more secrets such as whsec_…, of 24 to 64 bytes in base64`,
    );
  };
  // Validated here, since the error of an HTTP client would quote the header with the token.
  const bearerToken = (name: string, field: string): string => {
    const value = secret(name, field).trim();
    if (/^[\x21-\x7e]+$/.test(value)) return value;
    throw new ConfigError(
      `${file}: ${field}: the environment variable ${name} has a character that a bearer token must not have, such as a space or a line break`,
    );
  };
  const { directory, mail, systems, steps, contacts, webhooks, subscribers, ...rest } = result.data;
  const [firstPartner, ...otherPartners] = contacts.hrPartners.map(hrPartner);
  const { passwordEnv, ...mailRest } = mail;
  // Getters, since a worker has only the secrets of its own services.
  return {
    ...rest,
    directory: {
      scimUrl: directory.scimUrl,
      get token() {
        return bearerToken(directory.tokenEnv, 'directory.tokenEnv');
      },
    },
    mail: {
      ...mailRest,
      get password() {
        return passwordEnv && secret(passwordEnv, 'mail.passwordEnv');
      },
    },
    contacts: { ...contacts, hrPartners: [firstPartner!, ...otherPartners] },
    steps: steps.map(({ call, ...step }, i) => ({
      ...step,
      call: call && {
        url: call.url,
        get token() {
          return call.tokenEnv && bearerToken(call.tokenEnv, `steps[${i}].call.tokenEnv (${step.name})`);
        },
      },
    })),
    systems: systems.map(withSecrets),
    subscribers: subscribers.map(({ secretsEnv, ...subscriber }, i) => ({
      ...subscriber,
      get secrets() {
        return signingSecrets(secretsEnv, `subscribers[${i}].secretsEnv (${subscriber.name})`);
      },
    })),
    webhooks: webhooks.map(({ secretsEnv, ...webhook }, i) => ({
      ...webhook,
      get secrets() {
        return signingSecrets(secretsEnv, `webhooks[${i}].secretsEnv (${webhook.source})`);
      },
    })),
  };

  function withSecrets(system: CheckedSystem, i: number): SystemConfig {
    switch (system.protocol) {
      case 'ldap':
        return ldapSystem(system, i);
      case 'keycloak':
        return keycloakSystem(system, i);
      case 'own':
        return {
          ...system,
          adapter: pathToFileURL(path.resolve(path.dirname(file), system.adapter)).href,
          secret: (name) => secret(name, `systems[${i}] (${system.name})`),
        };
      case 'manual':
        return system;
      case 'scim':
        return scimSystem(system, i);
    }
  }

  function scimSystem({ tokenEnv, sessionRevocation, ...system }: CheckedScim, i: number): ScimSystemConfig {
    return {
      ...system,
      get token() {
        return bearerToken(tokenEnv, `systems[${i}].tokenEnv (${system.name})`);
      },
      sessionRevocation: sessionRevocation && {
        method: sessionRevocation.method,
        url: sessionRevocation.url,
        get token() {
          const field = `systems[${i}].sessionRevocation.tokenEnv (${system.name})`;
          return bearerToken(sessionRevocation.tokenEnv, field);
        },
      },
    };
  }

  function keycloakSystem({ clientSecretEnv, ...system }: CheckedKeycloak, i: number): KeycloakSystemConfig {
    return {
      ...system,
      get clientSecret() {
        return secret(clientSecretEnv, `systems[${i}].clientSecretEnv (${system.name})`);
      },
    };
  }

  function ldapSystem({ passwordEnv, caFile, ...system }: CheckedLdap, i: number): LdapSystemConfig {
    return {
      ...system,
      get password() {
        return secret(passwordEnv, `systems[${i}].passwordEnv (${system.name})`);
      },
      get ca() {
        if (caFile === undefined) return undefined;
        try {
          return readFileSync(caFile, 'utf8');
        } catch (error) {
          const field = `${file}: systems[${i}].caFile (${system.name})`;
          throw new ConfigError(`${field}: ${(error as Error).message}`, { cause: error });
        }
      },
    };
  }

  function hrPartner(
    { calendar, ...person }: (typeof contacts.hrPartners)[number],
    i: number,
  ): HrPartnerConfig {
    if (!calendar?.url) return person;
    const { url, user, passwordEnv } = calendar;
    return {
      ...person,
      calendar: {
        url,
        user,
        get password() {
          return secret(passwordEnv, `contacts.hrPartners[${i}].calendar.passwordEnv (${person.email})`);
        },
      },
    };
  }
}

function fillIn(value: string, env: Environment): string {
  return value.replace(
    /\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}/g,
    (_match, name: string, fallback?: string) => {
      const found = env[name] ?? fallback;
      if (found === undefined) throw new ConfigError(`the environment variable ${name} is not set`);
      return found;
    },
  );
}
