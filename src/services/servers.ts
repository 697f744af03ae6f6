/** The servers that the configuration names: for each the smallest question that tells whether a step can use it. */
import { isAsked, type AskedSystemConfig, type Config, type StepConfig } from '../config/config.js';
import type { WaitingStep } from '../exit/finding.js';
import {
  DIRECTORY,
  directoryClient,
  hrPartner,
  keycloakClientOf,
  ldapClientOf,
  mailerOf,
  ownAdapterOf,
  scimClientOf,
} from './from-config.js';
import { probeHttp } from './protocols/http-probe.js';
import { NONE } from './protocols/ldap.js';

export interface ConfiguredServer {
  /** For people, as its failures name it: "payroll", "the directory". */
  name: string;
  /** A URL without a secret; undefined where an adapter alone knows it. */
  url?: string | undefined;
  /** Server and user of a password, which the server may lock after several wrong ones. */
  account?: string | undefined;
  /** Of a critical system. Undefined: none. */
  requestsPerSecond?: number | undefined;
  isSystem?: boolean;
  /** Reads. @throws ConfigError without its secret here; otherwise what a step would fail with */
  ask: (signal: AbortSignal) => Promise<unknown>;
  /** Whether a step waits for this server. */
  holdsUp: (step: WaitingStep) => boolean;
}

/** @param timeoutMs of one request */
export function serversIn(configured: Config, timeoutMs: number): ConfiguredServer[] {
  const requestTimeout = Math.min(timeoutMs, configured.policy.requestTimeout);
  const config = { ...configured, policy: { ...configured.policy, requestTimeout } };
  const systems = config.systems.filter(isAsked).map((system) => systemServer(system, requestTimeout));
  const others = [
    directoryServer(config),
    mailServer(config),
    ...config.contacts.hrPartners.flatMap((partner) => calendarServer(config, partner)),
    ...config.steps.flatMap((step) => stepServer(step, requestTimeout)),
  ];
  const isNamed = (step: WaitingStep): boolean => others.some((server) => server.holdsUp(step));
  return [
    ...others,
    // A step on a system may wait for the directory instead.
    ...systems.map((server) => ({
      ...server,
      holdsUp: (step: WaitingStep) => step.system === server.name && !isNamed(step),
    })),
  ];
}

const directoryServer = (config: Config): ConfiguredServer => ({
  name: DIRECTORY,
  url: config.directory.scimUrl,
  ask: (signal) => directoryClient(config).probe(signal),
  holdsUp: ({ error }) => error.includes(`${DIRECTORY} `),
});

function mailServer(config: Config): ConfiguredServer {
  const { host, port, tls, user } = config.mail;
  const url = `${tls ? 'smtps' : 'smtp'}://${host}:${port}`;
  return {
    ...{ name: 'the mail server', url },
    account: user && `${url} ${user}`,
    ask: (signal) => mailerOf(config).probe(signal),
    holdsUp: ({ error }) => error.includes(` through ${host}:${port} `),
  };
}

function calendarServer(
  config: Config,
  partner: Config['contacts']['hrPartners'][number],
): ConfiguredServer | [] {
  if (!partner.calendar) return [];
  const { url, user } = partner.calendar;
  const name = `the calendar of ${partner.name}`;
  return {
    ...{ name, url, account: `${new URL(url).origin} ${user}` },
    // Reading the password may throw.
    ask: async (signal) => hrPartner(config, partner).calendar!.probe(signal),
    holdsUp: ({ error }) => error.includes(`${name} `),
  };
}

/** The server of a custom step is asked without the token and the event: these would begin the work. */
function stepServer({ name: step, call }: StepConfig, timeoutMs: number): ConfiguredServer | [] {
  if (!call) return [];
  const { url } = call;
  const name = `the server of ${step}`;
  return {
    ...{ name, url, ask: () => probeHttp(name, url, 'HEAD', timeoutMs) },
    holdsUp: (waiting) => waiting.step === step,
  };
}

function systemServer(
  system: AskedSystemConfig,
  requestTimeoutMs: number,
): Omit<ConfiguredServer, 'holdsUp'> {
  const { name, rateLimit } = system;
  const common = { name, isSystem: true, requestsPerSecond: rateLimit?.requestsPerSecond };
  switch (system.protocol) {
    case 'scim':
      return {
        ...common,
        url: system.scimUrl,
        ask: async (signal) => scimClientOf(system, requestTimeoutMs).probe(signal),
      };
    case 'keycloak':
      return {
        ...common,
        url: system.url,
        ask: async (signal) =>
          keycloakClientOf(system, requestTimeoutMs).findUsers(
            { username: 'ems-doctor', exact: 'true' },
            signal,
          ),
      };
    case 'ldap':
      return {
        ...common,
        url: system.url,
        account: `${system.url} ${system.bindDn}`,
        ask: async (signal) =>
          ldapClientOf(system, requestTimeoutMs).session(signal, (session) =>
            session.read(system.userBase, NONE),
          ),
      };
    case 'own':
      return {
        ...common,
        ask: async (signal) => (await ownAdapterOf(system, requestTimeoutMs)).findGroup('ems-doctor', signal),
      };
  }
}
