/** Starts the console of the local stack, and the identity provider that it asks, as child processes. */
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { firstMessage, startChild, type Child } from './child.js';
import type { Ports } from './ports.js';

interface ConsoleProcessOptions {
  ports: Pick<Ports, 'console' | 'identity'>;
  /** Where the engines and the systems are. */
  env: Record<string, string>;
  /** The same over a restart, so that sessions and clients go on. */
  secretOf: (name: string) => Promise<string>;
  logFile: (name: string) => string;
  /** Starts a child and looks after it. */
  keep: <C extends Child>(start: () => Promise<C>) => Promise<C>;
  /** Gives a console the switches of the services. */
  connect: (console: ChildProcess) => void;
}

const moduleOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
/** The program that may ask for tokens of its own. */
const PROGRAM = 'hris';

/** Starts both. */
export async function startConsole({ ports, env, secretOf, logFile, keep, connect }: ConsoleProcessOptions) {
  const consoleUrl = `http://127.0.0.1:${ports.console}`;
  const consoleSecret = await secretOf('console');
  const programSecret = await secretOf(PROGRAM);
  const sessionSecret = await secretOf('session');

  const provider = await keep(() =>
    startIdentityProvider({
      port: ports.identity,
      consoleUrl,
      consoleSecret,
      programSecret,
      logFile: logFile('identity'),
    }),
  );
  const spec = {
    name: 'the console',
    module: moduleOf('./console-server.js'),
    logFile: logFile('console'),
    env: {
      ...env,
      EMS_HTTP_HOST: '127.0.0.1',
      EMS_HTTP_PORT: String(ports.console),
      EMS_PUBLIC_URL: consoleUrl,
      EMS_SESSION_SECRET: sessionSecret,
      EMS_OIDC_ISSUER: provider.issuer,
      EMS_OIDC_CLIENT_ID: 'ems-console',
      EMS_OIDC_CLIENT_SECRET: consoleSecret,
      EMS_OIDC_PROGRAMS: PROGRAM,
    },
  };
  const { pid } = await keep(() =>
    startChild(spec, (child) => {
      connect(child);
      return firstMessage(child);
    }),
  );
  const identity = { issuer: provider.issuer, clientId: PROGRAM, clientSecret: programSecret };
  return { consoleUrl, identity, pid };
}

interface IdentityOptions {
  port: number;
  consoleUrl: string;
  consoleSecret: string;
  programSecret: string;
  logFile: string;
}

/** For trying out: it asks for no password. */
export async function startIdentityProvider({ port, logFile, ...settings }: IdentityOptions) {
  const child = await startChild(
    {
      name: 'the identity provider',
      module: moduleOf('./identity-provider.js'),
      logFile,
      env: {
        IDENTITY_PORT: String(port),
        CONSOLE_URL: settings.consoleUrl,
        CONSOLE_SECRET: settings.consoleSecret,
        PROGRAM_SECRET: settings.programSecret,
      },
    },
    (child) => firstMessage<{ port: number }>(child),
  );
  return { ...child, issuer: `http://127.0.0.1:${child.ready.port}` };
}
