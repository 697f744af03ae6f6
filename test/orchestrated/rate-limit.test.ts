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
  it('gets no more requests than that from all workers together, and delays no other system', async () => {
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
      const windowMs = 1_000;
      const busiest = Math.max(
        ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length),
      );
      const perSecond = (1000 * busiest) / windowMs;
      console.log(
        `      ${times.length} requests in ${times.at(-1)! - times[0]!} ms, at most ${perSecond} a second over ${windowMs} ms`,
      );
      assert.ok(perSecond <= REQUESTS_PER_SECOND, `${perSecond} a second`);
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
