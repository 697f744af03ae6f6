import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { firstMessage, startChild } from '../../src/local/child.js';
import { scratchFolder } from '../support/temporal.js';
import { ended } from '../promises/on-the-way.js';
import { startWorld } from '../support/world.js';

const REQUESTS_PER_SECOND = 16;
const EXITS = 6;

describe('a system with a rate limit', () => {
  it('sees no more requests than that, from all workers together, and the other systems do not wait for it', async () => {
    const world = await startWorld({
      services: [],
      config: [
        [
          'tokenEnv: CODE_SCIM_TOKEN',
          `tokenEnv: CODE_SCIM_TOKEN\n    rateLimit: { requestsPerSecond: ${REQUESTS_PER_SECOND} }`,
        ],
      ],
    });
    const folder = await scratchFolder();
    const workers = await Promise.all(
      ['one', 'two'].map((name) =>
        startChild(
          {
            name,
            module: fileURLToPath(new URL('../../src/worker.js', import.meta.url)),
            env: world.env,
            logFile: path.join(folder, `${name}.log`),
          },
          (child) => firstMessage(child),
        ),
      ),
    );
    try {
      const leavers = [];
      for (let i = 0; i < EXITS; i += 1) leavers.push(await world.hire());
      for (const { employeeId } of leavers) await world.exits.open({ employeeId });
      for (const nora of leavers)
        await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);

      const times = world.proxies.code.seen.map(({ atMs }) => atMs);
      // As sent; a busy machine may see what was sent apart arrive together.
      const seconds = (times.at(-1)! - times[0]!) / 1_000;
      assert.ok(times.length <= REQUESTS_PER_SECOND * (seconds + 1), `${times.length} in ${seconds} s`);
      assert.ok(times.length >= 4 * EXITS, 'every account was looked at and blocked');
      const free = world.proxies.payroll.seen.map(({ atMs }) => atMs);
      assert.ok(free.at(-1)! < times.at(-1)!, 'payroll was done before');
      // A sweep of another test would wait for the queue of this one.
      await Promise.all(leavers.map((nora) => ended(world, nora, 'leaving')));
    } finally {
      for (const worker of workers) await worker.stop();
      await world.stop();
    }
  });
});
