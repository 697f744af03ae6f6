import assert from 'node:assert/strict';
import { campaign, table } from './campaign.js';
import { withServers } from './servers.js';
import { modelRuns, modelSeed } from './settings.js';

describe('@long the hold, against a model that knows who did what', () => {
  const servers = withServers();

  it('takes all that it should and gives back exactly that, in every random script', async function () {
    this.timeout(600_000);
    const began = performance.now();
    const { sequences, requests, tried, excuses, failures } = await campaign({
      servers,
      lanesPerServer: 6,
      runs: modelRuns,
      seed: modelSeed,
    });
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(
      `      ${sequences} sequences in ${seconds} s (${requests} requests), seed ${modelSeed}. Tried: ${table(tried)}. Exempt: ${table(excuses)}.`,
    );
    assert.equal(failures.length, 0, failures.map(({ report }) => report).join('\n\n'));
  });
});
