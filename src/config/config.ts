/**
 * The configuration: `ems.config.yaml` and the environment, read and checked in this one place.
 * A mistake is a ConfigError that names the field and says what was expected.
 */
import { readFileSync } from 'node:fs';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { Temporal } from 'temporal-polyfill';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { describeIssues, IsoDate, LanguageTag, MailAddress } from '../exit/input.js';
import type { Contact } from '../exit/people.js';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** An ISO 8601 duration such as `PT15M`, as milliseconds. */
const DurationMs = z.string('must be an ISO 8601 duration such as "PT15M"').transform((text, context) => {
  try {
    const ms = Temporal.Duration.from(text).total('milliseconds');
    if (ms > 0) return ms;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  context.addIssue({
    code: 'custom',
    message: `must be a positive ISO 8601 duration such as "PT15M", not "${text}"`,
  });
  return z.NEVER;
});

const Name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'must be lower-case letters, digits and "-"');
const Url = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
  .refine(isWithoutPassword, 'must be without a user or password')
  .transform((url) => url.replace(/\/+$/, ''));
const VariableName = z.string().regex(/^[A-Z_][A-Z0-9_]*$/, 'must be the name of an environment variable');
const Person = z.strictObject({
  name: z.string().min(1),
  email: MailAddress,
  /** What they are written to in; English where there is none. */
  language: LanguageTag.optional(),
});
/** A CalDAV calendar (RFC 4791). An empty URL, as of a variable that is not set, is none. */
const Calendar = z.strictObject({
  url: z.union([Url, z.literal('')], 'must be an http(s) URL, or empty for none'),
  user: z.string().regex(/^[^:]+$/, 'must be a user name, without ":" (RFC 7617)'),
  passwordEnv: VariableName,
});
const HrPartner = Person.extend({ calendar: Calendar.optional() });
const TimeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "09:00"');
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const ScimServer = z.strictObject({
  scimUrl: Url,
  /** The environment variable that holds the bearer token. */
  tokenEnv: VariableName,
});

const Hold = z.union(
  [
    z.literal('suspend').transform(() => ({ kind: 'suspend' as const })),
    z
      .strictObject({ groups: z.array(z.string().min(1)).min(1) })
      .transform(({ groups }) => ({ kind: 'groups' as const, groups })),
  ],
  'must be "suspend", or "groups" with the list of the critical groups',
);

const Config = z.strictObject({
  organisation: z.strictObject({
    name: z.string().min(1),
    /** Right-hand side of Message-IDs and calendar UIDs. */
    domain: z.hostname('must be a domain such as acme.example'),
  }),
  taskQueues: z.enum(['shared', 'per-service']).default('shared'),
  directory: ScimServer,
  mail: z.strictObject({
    host: z.string().min(1),
    port: z.coerce.number().int().min(1).max(65535),
    /** TLS from the first byte; otherwise STARTTLS is used where the server offers it. */
    tls: z.boolean().default(false),
    user: z.string().optional(),
    passwordEnv: z.string().optional(),
    from: Person,
  }),
  contacts: z.strictObject({
    /**
     * The interview is with the first of them who has time; the first one is asked for the decision where there is none yet, and told in
     * place of a missing manager.
     */
    hrPartners: z
      .array(HrPartner)
      .min(1, 'must name at least one HR partner')
      .refine(
        (partners) => new Set(partners.map(({ email }) => email.toLowerCase())).size === partners.length,
        'must have distinct mail addresses',
      ),
    /** Whom employees and managers are pointed to when something is stuck. */
    operator: Person,
    /** Who hears of a decision that is overdue. */
    escalation: Person,
  }),
  policy: z.strictObject({
    attentionAfter: DurationMs,
    retry: z.strictObject({ initialInterval: DurationMs, maximumInterval: DurationMs }),
    /** How long one request to a server may take. */
    requestTimeout: DurationMs,
    /** How often every open hold is looked at again. */
    recheckEvery: DurationMs.refine((ms) => ms >= 1000, 'must be at least "PT1S"'),
    /** What follows when a hold has drifted: it is asserted again, or it waits for an operator. */
    onDrift: z.enum(['reassert', 'report'], 'must be "reassert" or "report"').default('reassert'),
    /** How the decision is waited for; counted from the resignation. */
    review: z
      .strictObject({
        /** When the HR partner is reminded. */
        remindAfter: z
          .array(DurationMs)
          .max(20, 'must be at most 20 reminders')
          .refine(
            (steps) => steps.every((ms, i) => i === 0 || ms > steps[i - 1]!),
            'must be in rising order',
          ),
        /** When the decision is overdue, and is escalated. */
        within: DurationMs,
        /** How long after an escalation the next one follows. */
        escalateEvery: DurationMs,
      })
      .refine(({ remindAfter, within }) => remindAfter.every((ms) => ms < within), {
        path: ['remindAfter'],
        message: 'must all be shorter than "within"',
      }),
  }),
  interview: z.strictObject({
    timeZone: z.string().refine(isTimeZone, 'must be an IANA time zone such as "Europe/Berlin"'),
    workingDays: z.array(z.enum(days)).min(1),
    workingHours: z
      .strictObject({ from: TimeOfDay, to: TimeOfDay })
      .refine(({ from, to }) => from < to, 'must begin before they end'),
    duration: DurationMs,
    /** At least this long after the resignation. */
    leadTime: DurationMs,
    /** At most this many working days after the resignation. */
    withinWorkingDays: z.number().int().min(1).max(60),
    holidays: z.array(IsoDate).default([]),
  }),
  systems: z
    .array(
      ScimServer.extend({
        name: Name,
        /** Where else than in `externalId` the system keeps the employee id. */
        accountAttribute: z
          .string()
          .default('urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber'),
        hold: Hold,
        /** Groups whose last active member no hold takes away, unless somebody overrides it: the administrators, for instance. */
        protectedGroups: z.array(z.string().min(1)).default([]),
        /** Held over all workers together. */
        rateLimit: z.strictObject({ requestsPerSecond: z.number().positive() }).optional(),
        /** Ends the sessions of an account: a suspension alone lets tokens live on, and reactivation revives them. */
        sessionRevocation: z
          .strictObject({
            method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
            /** A URI template (RFC 6570) with `{id}`, `{userName}`. */
            url: z
              .string()
              .regex(/^https?:\/\/\S+$/, 'must be an http(s) URL, with {id} or {userName} in it')
              .refine(isWithoutPassword, 'must be without a user or password'),
            tokenEnv: VariableName,
          })
          .optional(),
      }),
    )
    .min(1, 'must name at least one critical system')
    .refine(
      (systems) => new Set(systems.map(({ name }) => name)).size === systems.length,
      'must have distinct names',
    ),
});

type Checked = z.output<typeof Config>;
/** A SCIM server with its token, which comes from the environment: reading it throws a ConfigError where it is missing. */
export interface ScimAccess {
  readonly scimUrl: string;
  readonly token: string;
}
/** A calendar with its password, which comes from the environment: reading it throws a ConfigError where it is missing. */
export interface CalendarConfig {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}
export interface HrPartnerConfig extends Contact {
  calendar?: CalendarConfig | undefined;
}
type CheckedSystem = Checked['systems'][number];
export type SessionRevocationConfig = Omit<NonNullable<CheckedSystem['sessionRevocation']>, 'tokenEnv'> & {
  readonly token: string;
};
export type SystemConfig = Omit<CheckedSystem, 'tokenEnv' | 'sessionRevocation'> &
  ScimAccess & { sessionRevocation?: SessionRevocationConfig | undefined };
export type MailConfig = Omit<Checked['mail'], 'passwordEnv'> & { readonly password?: string | undefined };
export type InterviewPolicy = Checked['interview'];
export type Config = Omit<Checked, 'systems' | 'directory' | 'mail' | 'contacts'> & {
  directory: ScimAccess;
  mail: MailConfig;
  contacts: Omit<Checked['contacts'], 'hrPartners'> & { hrPartners: [HrPartnerConfig, ...HrPartnerConfig[]] };
  systems: SystemConfig[];
};

/**
 * Reads `ems.config.yaml`, or the file that EMS_CONFIG names. `${NAME}` and `${NAME:-default}` in its values are taken from
 * the environment; tokens and passwords are looked up there under the names that the file gives.
 * @param defaults for what the environment does not set
 * @throws ConfigError
 */
export function loadConfig(defaults: Environment = {}): Config {
  const env = { ...defaults, ...process.env };
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

/** Where Temporal is: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS…, TEMPORAL_API_KEY, or the profile of a configuration file. */
export const loadTemporalConfig = (): ReturnType<typeof loadClientConnectConfig> => loadClientConnectConfig();

/** How to connect to NATS, without what is secret in the address that errors show. */
export interface NatsConfig {
  /** `host:port` */
  servers: string[];
  /** TLS is required; otherwise it is used where the server asks for it. */
  tls?: object;
  user?: string;
  pass?: string;
  token?: string;
}

/**
 * Where NATS is: NATS_URL, for example `nats://127.0.0.1:4222`, or `tls://…`, with `user:password@` or `token@` in it where the
 * server asks for one; the servers of a cluster with commas between them.
 * @returns undefined where the environment does not say
 * @throws ConfigError
 */
export function loadNatsConfig(): NatsConfig | undefined {
  const { NATS_URL: address } = process.env;
  return address ? natsConfigOf(address) : undefined;
}

/** @throws ConfigError, without the address, which may have a password in it */
export function natsConfigOf(address: string): NatsConfig {
  const urls = address.split(',').map((text) => {
    if (!URL.canParse(text) || !/^(nats|tls):$/.test(new URL(text).protocol))
      throw new ConfigError('NATS_URL: must be an address such as nats://127.0.0.1:4222');
    return new URL(text);
  });
  const [{ username, password }] = urls as [URL];
  const user = decodeURIComponent(username);
  return {
    servers: urls.map(({ host }) => host),
    ...(urls.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    ...(user && (password ? { user, pass: decodeURIComponent(password) } : { token: user })),
  };
}

/** The folder of the local stack: `.ems`, or EMS_HOME. */
export const emsHome = (): string => process.env['EMS_HOME'] ?? '.ems';

export interface OutsideServers {
  /** `host:port` */
  temporal: string | undefined;
  /** As NATS_URL has it, perhaps with a password in it. */
  nats: string | undefined;
  smtp: { host: string; port: number } | undefined;
  /** By name: `directory`, and the critical systems. */
  scim: Map<string, { scimUrl: string | undefined; token: string | undefined }>;
}

/** The servers that the environment names, under the variables of the sample ems.config.yaml: the local stack starts none of these. */
export function outsideServers(scimNames: readonly string[]): OutsideServers {
  const { TEMPORAL_ADDRESS: temporal, NATS_URL: nats, SMTP_HOST: host, SMTP_PORT: port } = process.env;
  const of = (name: string, what: 'URL' | 'TOKEN') => process.env[scimVariable(name, what)] || undefined;
  return {
    temporal: temporal || undefined,
    nats: nats || undefined,
    smtp: host ? { host, port: Number(port ?? 25) } : undefined,
    scim: new Map(scimNames.map((name) => [name, { scimUrl: of(name, 'URL'), token: of(name, 'TOKEN') }])),
  };
}

/** `PAYROLL_SCIM_URL`, `PAYROLL_SCIM_TOKEN`. */
export const scimVariable = (name: string, what: 'URL' | 'TOKEN'): string =>
  `${name.toUpperCase().replaceAll('-', '_')}_SCIM_${what}`;

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
  const result = Config.safeParse(document);
  if (!result.success) throw new ConfigError(`${file}: ${describeIssues(result.error)}`);

  const secret = (name: string, field: string): string => {
    const value = env[name];
    if (!value) throw new ConfigError(`${file}: ${field}: the environment variable ${name} is not set`);
    return value;
  };
  // An HTTP client would quote the whole header, with the token, in its error.
  const bearerToken = (name: string, field: string): string => {
    const value = secret(name, field).trim();
    if (/^[\x21-\x7e]+$/.test(value)) return value;
    throw new ConfigError(
      `${file}: ${field}: the environment variable ${name} has a space, a line break or another character that no token has`,
    );
  };
  const { directory, mail, systems, contacts, ...rest } = result.data;
  const [firstPartner, ...otherPartners] = contacts.hrPartners.map(hrPartner);
  const { passwordEnv, ...mailRest } = mail;
  // Looked up on use, since a worker is given the secrets of its own services only.
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
    systems: systems.map(({ tokenEnv, sessionRevocation, ...system }, i) => ({
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
    })),
  };

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

/** An address is shown in errors. */
function isWithoutPassword(url: string): boolean {
  return !/^\w+:\/\/[^/]*@/.test(url);
}

function isTimeZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
