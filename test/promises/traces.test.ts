/** What a collector of OpenTelemetry receives of an exit, over OTLP/HTTP. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLog } from '../../src/process/logger.js';
import { idsOf, startTracing, traced } from '../../src/process/tracing.js';
import { eventually } from '../support/eventually.js';
import {
  attributeOf,
  startTraceCollector,
  type Span,
  type TraceCollector,
} from '../support/trace-collector.js';
import { inBothForms } from './both-forms.js';
import { ended, waiting } from './on-the-way.js';

inBothForms('the traces of an exit', { systems: ['payroll'] }, (company) => {
  let collector: TraceCollector;
  let stopTracing: () => Promise<void>;
  before(async () => {
    collector = await startTraceCollector();
    Object.assign(process.env, collector.env);
    stopTracing = await startTracing('ems', createLog());
  });
  after(async () => {
    await stopTracing();
    for (const name of Object.keys(collector.env)) delete process.env[name];
    collector.stop();
  });
  const spansOf = (exitId: string): Span[] => collector.spansOf(exitId);

  it('are one trace of all its attempts, with those that failed, and name no person', async () => {
    const world = company();
    await world.takeDown('mail');
    const nora = await world.hire({ on: ['payroll'] });
    await world.exits.open({ employeeId: nora.employeeId });
    const { exitId } = await world.exits.status(nora.employeeId);
    const failed = await eventually('a failed attempt', () =>
      Promise.resolve(spansOf(exitId).find((span) => attributeOf(span, 'ems.end') === 'failed')),
    );
    assert.equal(failed.status.code, 2);
    assert.ok(failed.status.message);
    await world.bringUp('mail');
    await world.untilPhase(nora, 'awaiting-decision');
    await ended(world, nora, 'retained');
    const steps = ['notify-manager', 'schedule-hr-interview', 'restore-access'];
    const spans = await eventually('every step', () => {
      const found = spansOf(exitId);
      const isThere = (step: string) =>
        found.some(
          (span) => attributeOf(span, 'ems.step') === step && attributeOf(span, 'ems.end') === 'done',
        );
      return Promise.resolve(steps.every(isThere) ? found : undefined);
    });
    assert.deepEqual([...new Set(spans.map(({ traceId }) => traceId))], [idsOf(exitId).traceId]);
    assert.deepEqual([...new Set(spans.map((span) => attributeOf(span, 'ems.form')))], [world.form]);
    assert.ok(spans.some(({ name }) => name === 'block-access:payroll'));
    for (const secret of [nora.employeeId, nora.email, nora.manager, world.env['PAYROLL_SCIM_TOKEN']!])
      assert.ok(!collector.received.some((body) => body.includes(secret)), secret);
  });

  it('are another one for another exit', async () => {
    const nora = await waiting(company(), { on: ['payroll'] });
    const { exitId } = await company().exits.status(nora.employeeId);
    await eventually('its spans', () => Promise.resolve(spansOf(exitId).length > 0 || undefined));
    await ended(company(), nora, 'leaving');
  });
});

describe('a collector of traces that answers nothing', () => {
  it('keeps no process from ending', async () => {
    const silent = http.createServer(() => undefined);
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] = `http://127.0.0.1:${port}/v1/traces`;
    const log: string[] = [];
    const to = { write: (line: string) => void log.push(line) };
    const stop = await startTracing('ems', createLog(to));
    delete process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
    const of = { exitId: 'an-exit', form: 'orchestrated', step: 'block-access' } as const;
    assert.equal(
      await traced(
        of,
        () => Promise.resolve(1),
        () => 'done',
      ),
      1,
    );
    await stop();
    silent.closeAllConnections();
    silent.close();
    assert.match(log.join(''), /traces: /);
  });
});
