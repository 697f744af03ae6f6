/** scim2-server, a SCIM 2.0 server that nobody here wrote, in a virtual environment of its own that is made once per machine. */
import path from 'node:path';
import getPort from 'get-port';
import { cached } from '../../src/local/cache.js';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { run } from '../../src/local/run.js';

const VERSION = '0.8.3';
/** What the server was made for; later ones may change what it says. */
const MODELS = '0.12.3';

const advice = [
  `These tests also run on scim2-server ${VERSION}, which needs Python 3.11 or newer.`,
  'Install it so that `python3` is on the PATH, with venv and pip (on Debian and Ubuntu: apt install python3 python3-venv),',
  'and see to it that `pip install` can reach a package index.',
].join('\n');

export interface RunningServer {
  scimUrl: string;
  token: string;
  stop: () => Promise<void>;
}

/** @throws Error with what to install */
async function findPython(): Promise<string> {
  const version = await run('python3', ['--version']).catch((error: Error) => {
    throw new Error(`${error.message}.\n${advice}`, { cause: error });
  });
  const environment = await cached(
    {
      // An environment works only with the Python that made it.
      file: `scim2-server-${VERSION}-${version.trim().toLowerCase().replace(' ', '-')}`,
      sources: [
        {
          name: 'pip, into a virtual environment',
          async fetch(folder) {
            const made = path.join(folder, 'environment');
            await run('python3', ['-m', 'venv', made]);
            const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet'];
            const packages = [`scim2-server==${VERSION}`, `scim2-models==${MODELS}`];
            await run(pythonOf(made), [...pip, ...packages]);
            return made;
          },
        },
      ],
      advice,
    },
    (line) => console.error(line),
  );
  return pythonOf(environment);
}

// Not bin/scim2-server: that names the folder in which it was installed, and the environment is moved into place afterwards.
const pythonOf = (environment: string): string => path.join(environment, 'bin', 'python');

export async function startScim2Server(logFile: string): Promise<RunningServer> {
  const program = await findPython();
  const port = await getPort({ host: '127.0.0.1' });
  const token = 'token-of-scim2-server';
  const scimUrl = `http://127.0.0.1:${port}/v2`;
  const settings = ['--hostname', '127.0.0.1', '--port', String(port), '--bearer-token', token];
  const child = await startChild(
    {
      name: 'scim2-server',
      program,
      args: ['-m', 'scim2_server.testserver.cli', ...settings],
      logFile,
    },
    (_child, signal) =>
      untilAnswered(async () => (await fetch(`${scimUrl}/ServiceProviderConfig`)).text(), signal),
  );
  return { scimUrl, token, stop: child.stop };
}
