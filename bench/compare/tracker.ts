/** `ems tracker`, kept running. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startChild, type Child } from '../../src/local/child.js';
import type { Form } from './form.js';

const module = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const UNTIL_IT_HAS_LOOKED_MS = 3_000;

/** @returns undefined where `ems` has no such command */
export async function startTracker({ env }: Form, folder: string): Promise<Child | undefined> {
  const isThere = await new Promise((resolve) => {
    execFile(process.execPath, [module, 'tracker', '--help'], (error, stdout) => {
      resolve(!error && stdout.includes('tracker'));
    });
  });
  if (!isThere) return undefined;
  const spec = {
    name: 'the tracker',
    module,
    args: ['tracker'],
    env,
    logFile: path.join(folder, 'tracker.log'),
  };
  return startChild(spec, () => pause(UNTIL_IT_HAS_LOOKED_MS));
}
