/** `ems doctor`: asks every server that the configuration names, both engines and what they know, all at once. It writes nothing there. */
import { setTimeout as pause } from 'node:timers/promises';
import { connectReader } from '../choreography/jetstream/bus.js';
import { inspectJetStream } from '../choreography/observing/inspect-jetstream.js';
import type { Config } from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import { reviewFrom } from '../config/planning.js';
import type { NatsConfig } from '../config/environment.js';
import type { Finding, Inspection } from '../exit/finding.js';
import { Refusal } from '../exit/refusal.js';
import { isLoginRefused } from '../services/protocols/login-refused.js';
import { serversIn, type ConfiguredServer } from '../services/servers.js';
import { probeHttp } from '../services/protocols/http-probe.js';
import { connectClient, type TemporalConfig } from '../temporal/connect-orchestrated.js';
import { inspectTemporal } from '../temporal/inspect-temporal.js';
import { certificateEnd } from './certificates.js';
import type { RefusedLogins } from './refused-logins.js';

/** Of one request. */
const ANSWER_WITHIN_MS = 3_000;
/** Of one check, which may need several requests. */
const CHECK_WITHIN_MS = 6_000;
/** A certificate that ends sooner is a finding. */
const WARN_DAYS = 21;
const DAY_MS = 86_400_000;

export interface Surroundings {
  config: Config;
  temporal: TemporalConfig | undefined;
  nats: NatsConfig | undefined;
  /** URLs, where they are known. */
  consoleUrl: string | undefined;
  issuer: string | undefined;
  logins: RefusedLogins;
  /** Logs in also where the login was refused within the last hour. */
  again: boolean;
}

export interface Report {
  /** ISO 8601, UTC. */
  at: string;
  /** Whether all is as it should be. */
  isWell: boolean;
  findings: Finding[];
}

export async function examine(of: Surroundings): Promise<Report> {
  const servers = serversIn(of.config, ANSWER_WITHIN_MS);
  const [engines, asked] = await Promise.all([
    Promise.all([examineTemporal(of), examineNats(of)]),
    Promise.all([...inTurn(servers).map((group) => askEach(group, of)), examineConsole(of)]),
  ]);
  const inspections = engines.flatMap((each) => each ?? []);
  const waiting = inspections.flatMap((inspection) => inspection.waiting);
  const reached = asked.flat().map((finding): Finding => {
    const server = servers.find(({ name }) => name === finding.name);
    if (!server || finding.about !== 'server') return finding;
    const here = waiting.filter((step) => server.holdsUp(step));
    const exitsWaiting = new Set(here.map(({ employeeId }) => employeeId)).size;
    const since = here.flatMap((step) => step.since ?? []).toSorted()[0];
    return {
      ...finding,
      exitsWaiting,
      since: finding.since ?? (finding.isWell === 'yes' ? undefined : since),
    };
  });
  const findings = [...inspections.flatMap((inspection) => inspection.findings), ...reached];
  if (inspections.length === 0)
    findings.unshift({
      ...{ about: 'server', name: 'Temporal and NATS', isWell: 'cannot tell' },
      remark:
        'neither is configured, and no local stack runs here: set TEMPORAL_ADDRESS or NATS_URL, or start one with "npm start"',
    });
  const isWell = findings.every((finding) => finding.isWell === 'yes');
  return { at: new Date().toISOString(), isWell, findings };
}

/** Servers with one account are asked one after another: of a wrong password only one may know. */
function inTurn(servers: readonly ConfiguredServer[]): ConfiguredServer[][] {
  const groups = new Map<string, ConfiguredServer[]>();
  for (const server of servers) {
    const key = server.account ?? server.name;
    groups.set(key, [...(groups.get(key) ?? []), server]);
  }
  return [...groups.values()];
}

async function askEach(
  group: readonly ConfiguredServer[],
  { logins, again }: Surroundings,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  let isRefused = false;
  for (const server of group) {
    const { name, url, account, isSystem, requestsPerSecond } = server;
    const finding = {
      ...{ about: 'server' as const, name, url },
      ...(isSystem && { requestsPerSecond: requestsPerSecond ?? null }),
    };
    const refusedAt = account === undefined || (again && !isRefused) ? undefined : logins.at(account);
    if (refusedAt !== undefined) {
      const remark = `the login was refused, and is not tried again for an hour, since that may lock the account: correct the password, then run ems doctor --again`;
      findings.push({ ...finding, isWell: 'cannot tell', since: refusedAt, remark });
      continue;
    }
    const failure = await failureOf((signal) => server.ask(signal));
    if (account !== undefined && isLoginRefused(failure)) {
      logins.refused(account);
      isRefused = true;
    }
    if (account !== undefined && !failure) logins.accepted(account);
    findings.push({ ...finding, ...toldBy(failure) });
    if (url !== undefined && !failure) findings.push(...(await certificateOf(name, url)));
  }
  return findings;
}

/** What is missing here tells nothing of the server. */
const toldBy = (failure: Error | undefined): Pick<Finding, 'isWell' | 'remark'> =>
  failure
    ? { isWell: failure instanceof ConfigError ? 'cannot tell' : 'no', remark: reasonOf(failure) }
    : { isWell: 'yes' };

/** The clients of the engines tell the reason in the last cause alone. */
function reasonOf(failure: Error): string {
  if (!(failure instanceof Refusal)) return failure.message;
  let root: Error = failure;
  while (root.cause instanceof Error) root = root.cause;
  return failure.message.includes(root.message) ? failure.message : `${failure.message}: ${root.message}`;
}

/** @returns why a check did not succeed in its time */
async function failureOf(check: (signal: AbortSignal) => Promise<unknown>): Promise<Error | undefined> {
  const over = new AbortController();
  const late = new Error(`no answer within ${CHECK_WITHIN_MS / 1000} s`);
  const timer = setTimeout(() => over.abort(late), CHECK_WITHIN_MS);
  const timeUp = new Promise<never>((_resolve, reject) => {
    over.signal.addEventListener('abort', () => reject(late));
  });
  try {
    await Promise.race([(async () => check(over.signal))(), timeUp]);
    return undefined;
  } catch (error) {
    return error as Error;
  } finally {
    clearTimeout(timer);
  }
}

async function certificateOf(name: string, url: string): Promise<Finding[]> {
  let end: Date | undefined;
  const failure = await failureOf(async (signal) => {
    end = await certificateEnd(url, signal);
  });
  const finding = { about: 'certificate' as const, name };
  if (failure) return [{ ...finding, isWell: 'cannot tell', remark: failure.message }];
  if (!end) return [];
  const days = Math.floor((end.getTime() - Date.now()) / DAY_MS);
  const isWell = days < WARN_DAYS ? 'no' : 'yes';
  const remark = `ends in ${days} days${isWell === 'no' ? ': renew it' : ''}`;
  return [{ ...finding, isWell, endsAt: end.toISOString(), remark }];
}

/** Asks an engine for what it knows, over a connection that closes again. */
async function examineEngine(
  name: string,
  url: string | undefined,
  inspect: (signal: AbortSignal) => Promise<Inspection>,
): Promise<Inspection> {
  let inspection: Inspection = { findings: [], waiting: [] };
  const failure = await failureOf(async (signal) => {
    inspection = await inspect(signal);
  });
  const certificate = failure || url === undefined ? [] : await certificateOf(name, url);
  const server = { about: 'server' as const, name, url };
  const { findings, waiting } = inspection;
  return { findings: [{ ...server, ...toldBy(failure) }, ...certificate, ...findings], waiting };
}

async function examineTemporal({ temporal, config }: Surroundings): Promise<Inspection | undefined> {
  if (!temporal) return undefined;
  const { address, tls, apiKey } = temporal.connectionOptions;
  // An API key implies TLS.
  const url = tls || apiKey ? `temporal://${address}` : undefined;
  return examineEngine('Temporal', url, async (signal) => {
    const { client, close } = await connectClient(temporal);
    try {
      // The exits are looked at for as long as the check may last, less what its end takes.
      const enough = AbortSignal.any([signal, AbortSignal.timeout(CHECK_WITHIN_MS - 2_000)]);
      return await inspectTemporal(client, config, enough);
    } finally {
      await close();
    }
  });
}

async function examineNats({ nats, config }: Surroundings): Promise<Inspection | undefined> {
  if (!nats) return undefined;
  return examineEngine('NATS', `nats://${nats.servers[0]}`, async (signal) => {
    const bus = await connectReader(nats, 'ems doctor', signal);
    // It ends every request that the inspection waits for.
    signal.addEventListener('abort', () => void bus.connection.close());
    try {
      return await inspectJetStream(bus, reviewFrom(config));
    } finally {
      await Promise.race([bus.close(), pause(1_000)]);
    }
  });
}

async function examineConsole({ consoleUrl, issuer }: Surroundings): Promise<Finding[]> {
  const pages = [
    { name: 'the console', url: consoleUrl, page: '/healthz' },
    { name: 'the OpenID provider', url: issuer, page: '/.well-known/openid-configuration' },
  ];
  const findings = pages.map(async ({ name, url, page }): Promise<Finding[]> => {
    if (url === undefined) return [];
    const failure = await failureOf(async () => {
      const { status } = await probeHttp(name, url + page, 'GET', ANSWER_WITHIN_MS);
      if (status !== 200) throw new Error(`${name} answered ${status} at ${url + page}`);
    });
    const certificate = failure ? [] : await certificateOf(name, url);
    return [{ about: 'server', name, url, ...toldBy(failure) }, ...certificate];
  });
  return (await Promise.all(findings)).flat();
}
