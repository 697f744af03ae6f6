import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { startProcess, type ProcessUnderTest } from '../support/process-under-test.js';
import { signalServer } from '../support/processes.js';
import { eventually } from '../support/eventually.js';
import { scratchFolder } from '../support/temporal.js';
import { startTemporal, type TemporalServer } from '../../src/local/temporal-server.js';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { payloadConverterPath } from '../../src/temporal/namespace.js';
import { temporal } from '../support/temporal.js';
import { sampleEnv } from '../support/sample-config.js';
import { freePort } from '../../src/local/ports.js';

const program = ['--enable-source-maps', 'dist/src/worker.js'];

describe('the process of a worker', () => {
  let server: TemporalServer;
  let env: Record<string, string>;
  const running: ProcessUnderTest[] = [];
  before(async () => {
    const { program } = await temporal();
    const logFile = `${await scratchFolder()}/temporal.log`;
    server = await startTemporal({ program, port: await freePort(), logFile });
    env = { ...sampleEnv, TEMPORAL_ADDRESS: server.address, HR_CALENDAR_PASSWORD: 'secret' };
  });
  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      child.kill('SIGKILL');
      await ended;
    }
  });
  after(() => server.stop());

  const start = (options: string[] = [], more: Record<string, string> = {}): ProcessUnderTest => {
    const started = startProcess({ ...env, ...more }, [...program, ...options]);
    running.push(started);
    return started;
  };

  it('ends with the reason where its core has given up, so that its supervisor starts it again', async () => {
    const worker = start([], { NODE_OPTIONS: '--import ./dist/test/support/core-gives-up.js' });
    await worker.said(/ ready"/);
    worker.child.kill('SIGUSR2');
    assert.equal(await worker.ended, 1);
    assert.match(worker.stderr(), /"level":"fatal".*The worker of the task queue ems has failed/);
    assert.match(worker.stderr(), /Malformed Workflow Completion/);
  });

  it('ends with the reason where its namespace does not exist', async () => {
    const worker = start([], { TEMPORAL_NAMESPACE: 'nowhere' });
    assert.equal(await worker.ended, 1);
    assert.match(worker.stderr(), /"level":"fatal".*to the namespace \\"nowhere\\"/);
  });

  it('tells the metrics of its own and of the SDK', async () => {
    const [port, sdkPort] = [await freePort(), await freePort()];
    const worker = start(['--health', String(port), '--temporal-metrics', String(sdkPort)]);
    await worker.said(/ ready"/);
    const page = async (at: number) => (await fetch(`http://127.0.0.1:${at}/metrics`)).text();
    assert.match(await page(port), /^process_resident_memory_bytes \d/m);
    assert.match(await page(port), /^# TYPE ems_attempts_total counter$/m);
    assert.match(await page(sdkPort), /^temporal_num_pollers\{.*task_queue="ems"/m);
    worker.child.kill('SIGTERM');
    assert.equal(await worker.ended, 0, worker.stderr());
  });

  it('says whether it lives and whether it serves', async () => {
    const port = await freePort();
    const statusOf = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    const worker = start(['--health', String(port)]);
    await worker.said(/ ready"/);
    assert.deepEqual([await statusOf('/healthz'), await statusOf('/readyz')], [200, 200]);
    signalServer(server, 'SIGSTOP');
    try {
      assert.deepEqual([await statusOf('/healthz'), await statusOf('/readyz')], [200, 503]);
    } finally {
      signalServer(server, 'SIGCONT');
    }
    await eventually('ready again', async () => (await statusOf('/readyz')) === 200 || undefined);
    worker.child.kill('SIGTERM');
    assert.equal(await worker.ended, 0);
  });

  it('ends on SIGTERM while Temporal accepts connections and says nothing', async () => {
    signalServer(server, 'SIGSTOP');
    try {
      const worker = start();
      await worker.said(/connecting/);
      worker.child.kill('SIGTERM');
      assert.equal(await worker.ended, 0);
    } finally {
      signalServer(server, 'SIGCONT');
    }
  });

  it('@long ends on SIGTERM while Temporal is away, and leaves its attempts to another worker', async () => {
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const worker = start([], { PAYROLL_SCIM_URL: `http://127.0.0.1:${port}/scim/v2` });
    await worker.said(/ ready"/);
    const connection = await Connection.connect({ address: server.address });
    const client = new Client({ connection, dataConverter: { payloadConverterPath } });
    const asked = once(silent, 'connection');
    await orchestratedExits(client).open({ employeeId: 'T-away' });
    await asked;
    signalServer(server, 'SIGSTOP');
    try {
      worker.child.kill('SIGTERM');
      assert.equal(await worker.ended, 0, worker.stderr());
      assert.match(worker.stderr(), /"level":"warn".*Attempts under way were given up/);
    } finally {
      signalServer(server, 'SIGCONT');
      await connection.close();
      silent.close();
    }
  });

  it('logs lines with time and level', async () => {
    const worker = start();
    await worker.said(/ ready"/);
    for (const line of worker.stderr().split('\n')) {
      const { level, time } = JSON.parse(line) as { level: string; time: string };
      assert.match(level, /^(info|warn)$/);
      assert.equal(new Date(time).toISOString(), time);
    }
  });
});
