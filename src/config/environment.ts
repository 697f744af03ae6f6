/** Settings from the environment: the addresses of Temporal and NATS, and the servers that the local stack must not start. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { ConfigError } from './config-error.js';
import { loadDataKeys, type DataKeys } from './data-keys.js';
import { secretIn } from './secret.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** From TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS…, TEMPORAL_API_KEY, or a profile of Temporal's configuration file. */
export const loadTemporalConfig = (env: Environment = process.env) => ({
  ...loadClientConnectConfig({
    overrideEnvVars: { ...env, TEMPORAL_API_KEY: secretIn(env, 'TEMPORAL_API_KEY') } as Record<
      string,
      string
    >,
  }),
  dataKeys: loadDataKeys(env),
});

/** The connection to NATS. `servers` has no secret, since errors show it. */
export interface NatsConfig {
  /** `host:port` */
  servers: string[];
  /** Requires TLS; otherwise the server decides. */
  tls?: object;
  user?: string;
  pass?: string;
  token?: string;
  limits?: NatsLimits;
  /** Absent where EMS encrypts nothing. */
  dataKeys?: DataKeys;
}

/** What streams, buckets and consumers ask of the account. EMS fits what is not set to the account's limits. */
export interface NatsLimits {
  /** NATS_REPLICAS */
  replicas?: number;
  /** NATS_STREAM_MAX_BYTES */
  streamMaxBytes?: number;
  /** NATS_BUCKET_MAX_BYTES */
  bucketMaxBytes?: number;
  /** NATS_MAX_ACK_PENDING */
  maxAckPending?: number;
}

const LIMITS = {
  NATS_REPLICAS: 'replicas',
  NATS_STREAM_MAX_BYTES: 'streamMaxBytes',
  NATS_BUCKET_MAX_BYTES: 'bucketMaxBytes',
  NATS_MAX_ACK_PENDING: 'maxAckPending',
} as const satisfies Record<string, keyof NatsLimits>;

/**
 * From NATS_URL: `nats://127.0.0.1:4222` or `tls://…`, with `user:password@` or `token@` where the server requires it. Commas separate
 * the servers of a cluster.
 * @returns undefined where neither NATS_URL nor NATS_URL_FILE is set
 * @throws ConfigError
 */
export function loadNatsConfig(env: Environment): NatsConfig | undefined {
  const address = secretIn(env, 'NATS_URL');
  return address ? natsConfigOf(address, env) : undefined;
}

/**
 * @param env has the limits
 * @throws ConfigError without the address, which may contain a password
 */
export function natsConfigOf(address: string, env: Environment = {}): NatsConfig {
  const urls = address.split(',').map((text) => {
    if (!URL.canParse(text) || !/^(nats|tls):$/.test(new URL(text).protocol))
      throw new ConfigError('NATS_URL: must be an address such as nats://127.0.0.1:4222');
    return new URL(text);
  });
  const [{ username, password }] = urls as [URL];
  const user = decodeURIComponent(username);
  const limits = limitsIn(env);
  const dataKeys = loadDataKeys(env);
  return {
    servers: urls.map(({ host }) => host),
    ...(urls.some(({ protocol }) => protocol === 'tls:') && { tls: {} }),
    ...(user && (password ? { user, pass: decodeURIComponent(password) } : { token: user })),
    ...(Object.keys(limits).length > 0 && { limits }),
    ...(dataKeys.kid !== undefined && { dataKeys }),
  };
}

function limitsIn(env: Environment): NatsLimits {
  const limits: NatsLimits = {};
  for (const [name, limit] of Object.entries(LIMITS)) {
    const text = env[name];
    if (!text) continue;
    if (!/^[1-9]\d{0,14}$/.test(text))
      throw new ConfigError(`${name}: must be a positive whole number, not "${text}"`);
    limits[limit] = Number(text);
  }
  return limits;
}

/** The folder of the local stack: `.ems`, or EMS_HOME. */
export const emsHome = (env: Environment = process.env): string => env['EMS_HOME'] ?? '.ems';

export interface OutsideServers {
  /** `host:port` */
  temporal: string | undefined;
  /** The value of NATS_URL, which may contain a password. */
  nats: string | undefined;
  smtp: { host: string; port: number } | undefined;
  calendar: { url: string; user: string; password: string } | undefined;
  /** By name: `directory`, or that of a critical system. */
  scim: Map<string, { scimUrl: string | undefined; token: string | undefined }>;
}

/** The servers in the environment, under the variables of the sample ems.config.yaml. The local stack uses them instead of its own. */
export function outsideServers(scimNames: readonly string[], env: Environment = process.env): OutsideServers {
  const { TEMPORAL_ADDRESS: temporal, NATS_URL: nats, SMTP_HOST: host, SMTP_PORT: port } = env;
  const { HR_CALENDAR_URL: url, HR_CALENDAR_USER: user = 'hr', HR_CALENDAR_PASSWORD: password = '' } = env;
  const of = (name: string, what: 'URL' | 'TOKEN') => env[scimVariable(name, what)] || undefined;
  return {
    temporal: temporal || undefined,
    nats: nats || undefined,
    smtp: host ? { host, port: Number(port ?? 25) } : undefined,
    calendar: url ? { url, user, password } : undefined,
    scim: new Map(scimNames.map((name) => [name, { scimUrl: of(name, 'URL'), token: of(name, 'TOKEN') }])),
  };
}

/** `PAYROLL_SCIM_URL`, `PAYROLL_SCIM_TOKEN`. */
export const scimVariable = (name: string, what: 'URL' | 'TOKEN'): string =>
  `${name.toUpperCase().replaceAll('-', '_')}_SCIM_${what}`;
