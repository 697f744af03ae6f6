import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseConfig } from '../../src/config/config.js';
import { FailureType } from '../../src/exit/failures.js';
import { createSteps } from '../../src/services/from-config.js';
import type { StepService } from '../../src/services/steps/step-service.js';
import { scratchFolder } from '../support/temporal.js';

const NOTE = 'final pay prepared: 38 days from the resignation to 2026-12-31';
const { signal } = new AbortController();
const final = {
  exitId: 'exit-1',
  employeeId: 'E-1002',
  openedAt: '2026-11-23T10:10:00Z',
  systems: ['code'],
  step: 'final-pay',
  resignation: { employeeId: 'E-1002', lastWorkingDay: '2026-12-31' },
  decision: { outcome: 'leaving', decidedBy: 'hr@acme.example' },
  ending: 'leaving',
} as const;
const about = (exitId: string) => ({ ...final, systems: ['code'], exitId });

describe('payroll, the example of a custom step', () => {
  let folder: string;
  let running: ChildProcess;
  let steps: StepService;
  before(async () => {
    // Alone in a folder: there is neither src/ nor node_modules to import from.
    folder = path.join(await scratchFolder(), 'payroll');
    await cp('dist/examples/payroll', folder, { recursive: true });
    await cp('examples/payroll/package.json', path.join(folder, 'package.json'));
    steps = await start();
  });
  after(() => running.kill('SIGKILL'));

  /** Starts the program, and gives what calls it, made from its own lines of configuration. */
  async function start(token = 'secret-of-payroll'): Promise<StepService> {
    const env = { PAYROLL_TOKEN: 'secret-of-payroll', PAYROLL_PORT: '0' };
    running = spawn(process.execPath, ['payroll.js'], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(running.stdout!), 'line')) as [string];
    return serviceAt(line.split(' ').at(-1)!, token);
  }

  async function serviceAt(url: string, token: string): Promise<StepService> {
    const texts = ['ems.config.yaml', 'examples/payroll/steps.yaml'].map((file) => readFile(file, 'utf8'));
    const text = (await Promise.all(texts)).join('\n');
    const env = { PAYROLL_URL: url, PAYROLL_TOKEN: token, DIRECTORY_SCIM_TOKEN: 'unused' };
    return createSteps(parseConfig(text, 'ems.config.yaml', env));
  }

  const prepared = () => readdir(path.join(folder, 'final-pays'));

  it('prepares the final pay, and says so in the note of the step', async () => {
    assert.deepEqual(await steps.callStep(about('exit-1'), signal), [NOTE]);
    const [file] = await prepared();
    const text = await readFile(path.join(folder, 'final-pays', file!), 'utf8');
    assert.equal((JSON.parse(text) as { employeeId: string }).employeeId, 'E-1002');
  });

  it('prepares each final pay once, even when it is killed before the event is sent again', async () => {
    const again = await Promise.all([1, 2, 3].map(() => steps.callStep(about('exit-2'), signal)));
    running.kill('SIGKILL');
    await once(running, 'exit');
    steps = await start();
    again.push(await steps.callStep(about('exit-2'), signal));
    assert.deepEqual(new Set(again.flat()), new Set([NOTE]));
    assert.equal((await prepared()).length, 2);
  });

  it('prepares nothing for another token', async () => {
    running.kill('SIGTERM');
    await once(running, 'exit');
    steps = await start('another');
    await assert.rejects(steps.callStep(about('exit-3'), signal), { type: FailureType.Refused });
    assert.equal((await prepared()).length, 2);
  });
});
