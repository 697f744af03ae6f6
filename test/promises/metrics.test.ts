import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import { gaugeEngines } from '../../src/doctor/engine-gauges.js';
import { freePort } from '../../src/local/ports.js';
import { serveHealth } from '../../src/process/health.js';
import { eventually } from '../support/eventually.js';
import { HR } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, waiting } from './on-the-way.js';

inBothForms(
  'the metrics of a process',
  { config: [['recheckEvery: PT15M', 'recheckEvery: PT1S']] },
  (company) => {
    let server: Server;
    let url: string;
    before(async () => {
      const port = await freePort();
      server = await serveHealth({ host: '127.0.0.1', port }, () => Promise.resolve());
      url = `http://127.0.0.1:${port}/metrics`;
    });
    after(() => server.close());

    const page = async (): Promise<string> => (await fetch(url)).text();
    /** @returns the sum of what has these labels; undefined where there is none */
    async function value(name: string, labels: Record<string, string>): Promise<number | undefined> {
      const wanted = Object.entries({ form: company().form, ...labels });
      const lines = (await page()).split('\n').filter((line) => line.startsWith(`${name}{`));
      const found = lines.filter((line) =>
        wanted.every(([label, text]) => line.includes(`${label}="${text}"`)),
      );
      return found.length === 0
        ? undefined
        : found.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
    }

    it('count attempts by step, system and end, tell how long a block took, and name no person', async () => {
      const world = company();
      const earlier = (await value('ems_block_seconds_count', { system: 'payroll' })) ?? 0;
      const nora = await world.hire();
      await world.takeDown('payroll');
      await world.exits.open({ employeeId: nora.employeeId });
      await eventually('failed attempts', async () =>
        ((await value('ems_attempts_total', { system: 'payroll', end: 'failed' })) ?? 0) > 1
          ? true
          : undefined,
      );
      const before = Date.now();
      await world.bringUp('payroll');
      const { openedAt } = await world.untilPhase(nora, 'awaiting-decision');
      await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
      for (const [step, system] of [
        ['block-access', 'payroll'],
        ['notify-manager', ''],
      ] as const)
        assert.ok((await value('ems_attempts_total', { step, system, end: 'done' }))! >= 1, step);
      assert.equal(await value('ems_block_seconds_count', { system: 'payroll' }), earlier + 1);
      const slow = await value('ems_block_seconds_sum', { system: 'payroll' });
      assert.ok(slow! >= (before - Date.parse(openedAt)) / 1000, `${slow}`);
      const text = await page();
      for (const told of [nora.employeeId, nora.email, nora.manager, '@', 'token-of'])
        assert.ok(!text.includes(told), told);
    });

    it('count the holds that others undid', async () => {
      const world = company();
      const nora = await waiting(world);
      await world.admin.payroll.setActive(nora.accounts.payroll!, true);
      await eventually('the drift', async () => {
        await world.sweep();
        return (await value('ems_drifts_found_total', { system: 'payroll' })) ? true : undefined;
      });
      await ended(world, nora, 'retained');
    });

    it('tell of the open exits of an engine, and of one that does not answer nothing', async () => {
      const world = company();
      const nora = await waiting(world);
      const askedAt = new Date(Date.now() - 60_000).toISOString();
      const resignation = { employeeId: 'T-waits', submittedBy: 'hris' };
      await world.exits.openings.keep({ resignation, beyond: 'hour', askedAt });
      const { TEMPORAL_ADDRESS: address, NATS_URL: nats } = world.env;
      const close = gaugeEngines({
        temporal: { connectionOptions: { address: address! } },
        nats: { servers: [nats === undefined ? `127.0.0.1:${await freePort()}` : new URL(nats).host] },
      });
      try {
        await eventually('the open exit', async () =>
          ((await value('ems_open_exits', { phase: 'awaiting-decision' })) ?? 0) >= 1 ? true : undefined,
        );
        assert.equal(await value('ems_engine_reached', {}), 1);
        assert.ok((await value('ems_oldest_undecided_seconds', {}))! > 0);
        assert.ok((await value('ems_exits_needing_attention', {}))! >= 0);
        assert.ok((await value('ems_exits_overdue', {}))! >= 0);
        await eventually('the opening', async () =>
          ((await value('ems_openings_waiting', {})) ?? 0) >= 1 ? true : undefined,
        );
        assert.ok((await value('ems_oldest_waiting_opening_seconds', {}))! >= 60);
        if (world.form === 'choreographed') {
          assert.equal(await value('ems_consumer_pulled', { consumer: 'access-payroll' }), 1);
          assert.ok(
            (await value('ems_consumer_oldest_unacknowledged_seconds', { consumer: 'drift-payroll' }))! > 0,
          );
          assert.equal(await value('ems_dead_letters', {}), 0);
        } else {
          assert.equal(await value('ems_engine_reached', { form: 'choreographed' }), 0);
          assert.equal(await value('ems_open_exits', { form: 'choreographed' }), undefined);
        }
      } finally {
        await close();
        await world.exits.openings.end('T-waits', { how: 'rejected', by: HR });
      }
      await ended(world, nora, 'retained');
    });
  },
);
