import { Lane } from '../lane.js';
import { withServers } from '../servers.js';
import { histories } from './histories.js';

describe('the hold, in a history that once went wrong,', () => {
  const servers = withServers();

  for (const { promise, script, etags } of histories) {
    for (const hasEtags of [true, false].filter((has) => has === (etags ?? has))) {
      it(`${promise} (${hasEtags ? 'with' : 'without'} ETags)`, async () => {
        await new Lane(servers.find((server) => server.hasEtags === hasEtags)!).play(script);
      });
    }
  }
});
