import assert from 'node:assert/strict';
import fc from 'fast-check';
import { histories } from '../../hold/regressions/histories.js';
import { script } from '../../hold/script.js';
import { withServers } from '../../hold/servers.js';
import { modelRuns, modelSeed } from '../../hold/settings.js';
import { Lane } from './lane.js';

/** The scripts are those of the hold, which are run in full there. */
const SHARE = 4;
const LANES_PER_SERVER = 4;

describe('the access subscriber, against a model that knows who did what', () => {
  const servers = withServers();

  it('takes all that it should and gives back exactly that, in every order of delivery', async function () {
    this.timeout(600_000);
    const lanes = servers.flatMap((server) =>
      Array.from({ length: LANES_PER_SERVER }, () => ({ server, lane: new Lane(server) })),
    );
    const numRuns = Math.ceil(modelRuns / SHARE / lanes.length);
    await Promise.all(
      lanes.map(async ({ server, lane }, n) => {
        const details = await fc.check(
          fc.asyncProperty(script, (script) => lane.play(script)),
          { seed: modelSeed + n, numRuns },
        );
        const where = `on a server ${server.hasEtags ? 'with' : 'without'} ETags`;
        assert.ok(
          !details.failed,
          `${where}\n${fc.defaultReportMessage(details)}\n${String(details.errorInstance)}`,
        );
      }),
    );
  });

  for (const { promise, script, etags } of histories) {
    for (const hasEtags of [true, false].filter((has) => has === (etags ?? has))) {
      it(`${promise} (${hasEtags ? 'with' : 'without'} ETags)`, () =>
        new Lane(servers.find((server) => server.hasEtags === hasEtags)!).play(script));
    }
  }
});
