/** For every process of the test run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DefaultLogger, Runtime } from '@temporalio/worker';

// Tests provoke failures by the dozen; what a test asserts it reads from the status, not from the log.
Runtime.install({ logger: new DefaultLogger('ERROR') });

/** Before the first process of the run: each one, and what it starts, makes its folders in one. */
export async function mochaGlobalSetup(): Promise<void> {
  process.env.TMPDIR = await mkdtemp(path.join(tmpdir(), 'ems-tests-'));
}

/** Servers end with their process, and may still write. */
export async function mochaGlobalTeardown(): Promise<void> {
  await rm(process.env.TMPDIR!, { recursive: true, force: true, maxRetries: 5 });
}
