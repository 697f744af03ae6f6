/** Keycloak, with one realm. It needs Java 17 or newer; Maven fetches it once. */
import path from 'node:path';
import { cached } from '../../src/local/cache.js';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { onlyFile } from '../../src/local/sources.js';
import { run } from '../../src/local/run.js';
import { createKeycloakAdapter } from '../../src/services/access/adapters/keycloak-adapter.js';
import { createKeycloakClient } from '../../src/services/protocols/keycloak.js';
import type { Connection } from './critical-system.js';
import { startFaultProxy } from './fault-proxy.js';
import { byEmployeeId } from './matching.js';
import { scimAdmin } from './scim-admin.js';
import { ENTERPRISE_USER } from './scim-requests.js';
import { Unavailable } from './unavailable.js';
import { freePort } from '../../src/local/ports.js';

const VERSION = '26.7.3';
const REALM = 'acme';
const CLIENT = { clientId: 'ems', clientSecret: 'secret-of-the-client' };
const BOOTSTRAP = { clientId: 'bootstrap', clientSecret: 'secret-of-the-bootstrap' };
/** The client that people log in to. */
export const PEOPLE = 'app';
/** The rights of the service account, as in docs/identity-providers.md. */
const ROLES = ['manage-users', 'view-users'];
const TOKEN_S = 2 * 60 * 60;
const FETCH_WITHIN_MS = 5 * 60_000;
const START_WITHIN_MS = 4 * 60_000;

interface RealmParts {
  clients?: object[];
  roles?: object[];
  users?: object[];
}

export interface Keycloak {
  /** Without a path. */
  url: string;
  realm: string;
  clientId: string;
  clientSecret: string;
  scimUrl: string;
  /** For SCIM, and for the Admin REST API. It outlives the tests. */
  token: string;
  /** Of the administrator of all realms. */
  rootToken: () => Promise<string>;
  stop: () => Promise<void>;
}

/**
 * Starts Keycloak with its database in memory.
 * @param more of the realm, as Keycloak's RealmRepresentation has it
 * @throws Unavailable with what to install
 */
export async function startKeycloak(logFile: string, more: RealmParts = {}): Promise<Keycloak> {
  const home = await distribution().catch((error: Error) => {
    throw new Unavailable(error.message, { cause: error });
  });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = await startChild(
    {
      name: 'Keycloak',
      // Not kc.sh: where that is killed, Java goes on.
      program: 'java',
      args: [
        ...['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx512m', `-Dkc.home.dir=${home}`],
        '-Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory',
        '-Djava.util.logging.manager=org.jboss.logmanager.LogManager',
        ...['--add-opens=java.base/java.util=ALL-UNNAMED', '--add-opens=java.base/java.lang=ALL-UNNAMED'],
        ...['-cp', path.join(home, 'lib', 'quarkus-run.jar')],
        ...['io.quarkus.bootstrap.runner.QuarkusEntryPoint', 'start', '--optimized', '--cache=local'],
        ...['--http-enabled=true', '--hostname-strict=false', '--http-host=127.0.0.1', `--http-port=${port}`],
      ],
      env: {
        KC_BOOTSTRAP_ADMIN_CLIENT_ID: BOOTSTRAP.clientId,
        KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: BOOTSTRAP.clientSecret,
      },
      logFile,
      readyWithinMs: START_WITHIN_MS,
    },
    (_child, signal) => untilAnswered(() => tokenOf(url, 'master', BOOTSTRAP), signal),
  );
  try {
    await createRealm(url, child.ready, more);
    const token = await tokenOf(url, REALM, CLIENT);
    const rootToken = () => tokenOf(url, 'master', BOOTSTRAP);
    return { url, realm: REALM, ...CLIENT, scimUrl: scimUrlOf(url), token, rootToken, stop: child.stop };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

/** A critical system over the Admin REST API. Its other administrators use SCIM. */
export const overAdminRest =
  (start: () => Promise<Keycloak>) =>
  async (prefix: string): Promise<Connection> => {
    const { url, realm, clientId, clientSecret, scimUrl, token } = await start();
    const proxy = await startFaultProxy(url);
    const admin = scimAdmin({ scimUrl, token }, prefix);
    const settings = { name: 'payroll', base: new URL(proxy.url).origin, requestTimeoutMs: 15_000 };
    const keycloak = createKeycloakClient({ ...settings, realm, clientId, clientSecret });
    return {
      protocol: 'keycloak',
      token: clientSecret,
      proxy,
      // A POST gets a token, or ends sessions.
      isWrite: ({ method }) => method === 'PUT' || method === 'DELETE',
      admin,
      port: createKeycloakAdapter(keycloak, ['externalId', 'employeeNumber']),
      match: byEmployeeId('externalId', 'employeeNumber'),
      etags: () => Promise.resolve(false),
      stop: proxy.stop,
    };
  };

/** The folder with Keycloak, made ready for SCIM and a database in memory: the start then takes a fifth of the time. */
async function distribution(): Promise<string> {
  const advice = [
    `These tests run on Keycloak ${VERSION}, which needs Java 17 or newer.`,
    'Install it so that `java` and `mvn` are on the PATH (on Debian and Ubuntu: apt install openjdk-17-jre-headless maven python3),',
    'and see to it that Maven can reach a repository. Or set KEYCLOAK_ZIP to the distribution.',
  ].join('\n');
  const unpacked = async (zip: string, folder: string): Promise<string> => {
    await run('python3', ['-m', 'zipfile', '-e', zip, path.join(folder, 'unpacked')]);
    const home = await onlyFile(path.join(folder, 'unpacked'));
    await run('sh', [path.join(home, 'bin', 'kc.sh'), 'build', '--db=dev-mem', '--features=scim-api']);
    return home;
  };
  const { KEYCLOAK_ZIP: given } = process.env;
  const java = await run('java', ['--version']).catch((error: Error) => error.message);
  // `openjdk 21 2023-09-19` has no minor version.
  if (!(Number(/\d+/.exec(java)?.[0]) >= 17)) throw new Error(`${java.split('\n')[0]}.\n${advice}`);
  return cached(
    {
      file: `keycloak-${VERSION}`,
      sources: [
        given
          ? { name: given, fetch: (folder) => unpacked(given, folder) }
          : {
              name: 'Maven, 177 MB',
              async fetch(folder) {
                const to = path.join(folder, 'zip');
                const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
                const copy = ['dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${to}`];
                await run('mvn', ['--batch-mode', '--quiet', ...copy], {}, FETCH_WITHIN_MS);
                return unpacked(await onlyFile(to), folder);
              },
            },
      ],
      advice,
    },
    (line) => console.error(line),
  );
}

const scimUrlOf = (url: string): string => `${url}/realms/${REALM}/scim/v2`;

async function tokenOf(url: string, realm: string, client: typeof CLIENT): Promise<string> {
  const response = await fetch(`${url}/realms/${realm}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client.clientId,
      client_secret: client.clientSecret,
    }),
  });
  if (!response.ok) throw new Error(`the token of ${client.clientId}: ${response.status}`);
  return ((await response.json()) as { access_token: string }).access_token;
}

/** A realm as Keycloak makes it, plus what docs/identity-providers.md tells to set. */
async function createRealm(url: string, token: string, more: RealmParts): Promise<void> {
  await ask({ url, token }, 'POST', '/admin/realms', {
    realm: REALM,
    enabled: true,
    scimApiEnabled: true,
    accessTokenLifespan: TOKEN_S,
    clients: [
      {
        clientId: CLIENT.clientId,
        secret: CLIENT.clientSecret,
        publicClient: false,
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        protocolMappers: [
          {
            name: 'scim',
            protocol: 'openid-connect',
            protocolMapper: 'oidc-audience-mapper',
            config: { 'included.custom.audience': scimUrlOf(url), 'access.token.claim': 'true' },
          },
        ],
      },
      { clientId: PEOPLE, publicClient: true, directAccessGrantsEnabled: true },
      ...(more.clients ?? []),
    ],
    roles: { realm: more.roles ?? [] },
    users: [
      {
        username: `service-account-${CLIENT.clientId}`,
        enabled: true,
        serviceAccountClientId: CLIENT.clientId,
        clientRoles: { 'realm-management': ROLES },
      },
      ...(more.users ?? []),
    ],
  });
  // The first token does not yet include the rights in the new realm.
  const server = { url, token: await tokenOf(url, 'master', BOOTSTRAP) };
  const profilePath = `/admin/realms/${REALM}/users/profile`;
  const profile = await ask<{ attributes: object[] }>(server, 'GET', profilePath);
  const attributes = {
    externalId: 'externalId',
    displayName: 'displayName',
    employeeNumber: `${ENTERPRISE_USER}:employeeNumber`,
    managerId: `${ENTERPRISE_USER}:manager.value`,
  };
  for (const [name, scim] of Object.entries(attributes))
    profile.attributes.push({
      name,
      permissions: { view: ['admin'], edit: ['admin'] },
      annotations: { 'kc.scim.schema.attribute': scim },
    });
  await ask(server, 'PUT', profilePath, profile);
}

/** A plain request to the server, as another administrator makes it. @returns the JSON of the answer, or the id of what was made */
export async function ask<T = undefined>(
  { url, token }: Pick<Keycloak, 'url' | 'token'>,
  method: string,
  to: string,
  body?: unknown,
): Promise<T> {
  const response = await fetch(url + to, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${to}: ${response.status} ${text}`);
  return (text ? JSON.parse(text) : response.headers.get('location')?.split('/').at(-1)) as T;
}
