import assert from 'node:assert/strict';
import { stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { opened, untilStep } from './on-the-way.js';

const BLOCK = 'block-access:payroll';
const WAIT_S = 8;

inBothForms(
  'with a critical system that asks to wait longer than a step may take',
  { systems: ['payroll'], config: [['attentionAfter: PT15M', 'attentionAfter: PT1.5S']] },
  (company) => {
    it('an exit says so at once, and asks again when that time has come, also by another worker', async () => {
      const world = company();
      const { payroll } = world.proxies;
      let limited = 0;
      payroll.quirk((forward) => (request) => {
        if (limited > 0) return forward(request);
        limited += 1;
        return Promise.resolve({
          status: 503,
          headers: { 'retry-after': String(WAIT_S) },
          body: JSON.stringify({ detail: 'the nightly import runs' }),
        });
      });
      payroll.seen.length = 0;
      const nora = await opened(world);
      const waiting = await untilStep(world, nora, BLOCK);
      assert.match(
        stepOf(waiting, BLOCK)!.error!,
        /^payroll answered 503 to ".*": the nightly import runs; it asks to wait 8 s; the next attempt waits until 20.*Z$/,
      );
      assert.equal(payroll.seen.length, 1, 'told before the next attempt');
      // A process of its own has never heard of the pause.
      await world.stopServing();
      await world.startServing();
      await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
      payroll.quirk(undefined);
      const [first, second] = payroll.seen;
      const waitedMs = second!.atMs - first!.atMs;
      assert.ok(waitedMs >= 1000 * WAIT_S - 100, `asked again after ${waitedMs} ms`);
      assert.equal((await world.account(nora, 'payroll')).active, false);
    });
  },
);
