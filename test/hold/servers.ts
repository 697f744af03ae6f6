/** The embedded SCIM server, once with ETags and once without, for the whole file that asks for it. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startScimServer, type ScimServer } from '../../src/local/scim-process.js';
import { interceptNoMore } from './http.js';
import type { LaneServer } from './lane.js';

/** To be called inside `describe`; what it returns is filled before the first test. */
export function withServers(): LaneServer[] {
  const servers: LaneServer[] = [];
  let started: ScimServer[] = [];
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ems-model-'));
    started = await Promise.all(
      [true, false].map((etag) =>
        startScimServer({
          name: etag ? 'with ETags' : 'without ETags',
          token: 'model',
          logFile: path.join(folder, 'log'),
          etag,
        }),
      ),
    );
    servers.push(...started.map(({ scimUrl, token }, n) => ({ scimUrl, token, hasEtags: n === 0 })));
  });

  after(async () => {
    interceptNoMore();
    await Promise.all(started.map((server) => server.stop()));
    await rm(folder, { recursive: true });
  });

  return servers;
}
