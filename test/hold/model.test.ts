import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startScimServer, type ScimServer } from '../../src/local/scim.js';
import { campaign, table } from './campaign.js';
import { interceptNoMore } from './http.js';
import type { LaneServer } from './lane.js';

const { EMS_MODEL_SEED: wantedSeed = '20261123', EMS_MODEL_RUNS: wantedRuns = '2000' } = process.env;
const seed = wantedSeed === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(wantedSeed);

describe('the hold, against a model that knows who did what', () => {
  let folder: string;
  let started: ScimServer[];
  let servers: LaneServer[];

  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'ems-model-'));
    started = await Promise.all(
      [true, false].map((etag) =>
        startScimServer({ name: `etag-${etag}`, token: 'model', logFile: path.join(folder, 'log'), etag }),
      ),
    );
    servers = started.map(({ scimUrl, token }, n) => ({ scimUrl, token, hasEtags: n === 0 }));
  });

  after(async () => {
    interceptNoMore();
    await Promise.all(started.map((server) => server.stop()));
    await rm(folder, { recursive: true });
  });

  it('takes all it should and gives back exactly that, whatever happens on the way', async function () {
    this.timeout(600_000);
    const began = performance.now();
    const { sequences, requests, tried, excuses, failures } = await campaign({
      servers,
      lanesPerServer: 6,
      runs: Number(wantedRuns),
      seed,
    });
    console.log(
      `      ${sequences} sequences, seed ${seed}, ${requests} requests, ${Math.round((performance.now() - began) / 1000)} s; ` +
        `${table(tried)}. Exempt: ${table(excuses)}`,
    );
    assert.equal(failures.length, 0, failures.map(({ report }) => report).join('\n\n'));
  });
});
