/** Where `ems` finds Temporal, NATS, the console and the configuration: in the environment, else in the stack that `npm start` runs. */
import { notConfigured } from '../client/forms.js';
import { openApplication } from '../client/open-application.js';
import { tablesOf } from '../client/bulk.js';
import type { UseCases } from '../client/use-cases.js';
import type { Config } from '../config/config.js';
import { loadSigner } from '../config/decision-key.js';
import {
  emsHome,
  loadNatsConfig,
  loadTemporalConfig,
  natsConfigOf,
  outsideServers,
  scimVariable,
  type Environment,
  type NatsConfig,
} from '../config/environment.js';
import { environmentOf, readStack, type StackFile } from '../local/stack-file.js';
import { accessTo, type PersonalAccess } from '../remote/personal-access.js';

export const applicationFor = (env: Environment): ReturnType<typeof openApplication> =>
  openApplication(
    () => configurationFor(env),
    { temporal: temporalFor(env), nats: natsConfigFor(env) },
    loadSigner(env),
  );

/** @param access of a login to the console, which then does what a command asks for */
export async function useCasesFor(
  env: Environment,
  access: PersonalAccess | undefined,
): Promise<UseCases & { close: () => Promise<void> }> {
  if (!access) {
    const application = applicationFor(env);
    return { ...application, ...tablesOf(application) };
  }
  const [{ apiClientOf }, { exitsOverApi }] = await Promise.all([
    import('../remote/api-client.js'),
    import('../remote/exits-over-api.js'),
  ]);
  return exitsOverApi(apiClientOf(access));
}

/** @throws ConfigError */
export const accessFor = (env: Environment): PersonalAccess | undefined => accessTo(consoleFor(env), env);

export const consoleFor = (env: Environment): string | undefined =>
  env['EMS_PUBLIC_URL'] || stackFor(env)?.consoleUrl;

function temporalFor(env: Environment) {
  const { connectionOptions, ...rest } = loadTemporalConfig(env);
  const address = temporalAddressFor(env);
  return address === undefined
    ? undefined
    : { ...rest, connectionOptions: { ...connectionOptions, address } };
}

/** What `ems doctor` looks at. @throws ConfigError */
export async function surroundingsFor(env: Environment) {
  const stack = stackFor(env);
  return {
    config: await configurationFor(env),
    temporal: temporalFor(env),
    nats: natsConfigFor(env),
    consoleUrl: consoleFor(env),
    issuer: env['EMS_OIDC_ISSUER'] || stack?.identity.issuer,
  };
}

export const temporalAddressFor = (env: Environment): string | undefined =>
  loadTemporalConfig(env).connectionOptions.address ?? runningStack(env)?.temporal.address;

export async function busFor(env: Environment) {
  const nats = natsConfigFor(env);
  if (!nats) throw notConfigured('choreographed');
  const { connectBus } = await import('../choreography/jetstream/bus.js');
  const bus = await connectBus(nats, 'ems');
  // Without a configuration the plans say whose signature counts.
  if (env['EMS_CONFIG'] !== undefined) bus.trusted = (await configurationFor(env)).decisions.signed;
  return bus;
}

/** An environment that names a Temporal of its own does not mean the local stack. */
export function natsConfigFor(env: Environment): NatsConfig | undefined {
  const fromEnvironment = loadNatsConfig(env);
  if (fromEnvironment || loadTemporalConfig(env).connectionOptions.address) return fromEnvironment;
  const url = runningStack(env)?.nats?.url;
  return url === undefined ? undefined : natsConfigOf(url, env);
}

/** @throws ConfigError */
export async function configurationFor(env: Environment): Promise<Config> {
  const { loadConfig } = await import('../config/config.js');
  const stack = stackFor(env);
  if (!stack) return loadConfig({}, env);
  const defaults: Record<string, string> = { EMS_PUBLIC_URL: stack.consoleUrl, ...environmentOf(stack) };
  // The local stack's token is for the local stack: a server that the environment names never sees it.
  const names = ['directory', ...stack.systems.map(({ name }) => name)];
  for (const [name, { scimUrl }] of outsideServers(names, env).scim)
    if (scimUrl) delete defaults[scimVariable(name, 'TOKEN')];
  return loadConfig(defaults, env);
}

/** An environment that names a Temporal of its own does not mean the local stack. */
const stackFor = (env: Environment): StackFile | undefined =>
  loadTemporalConfig(env).connectionOptions.address ? undefined : runningStack(env);

const runningStack = (env: Environment): StackFile | undefined => readStack(emsHome(env));
