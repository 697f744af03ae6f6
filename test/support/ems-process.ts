/** The real command: `bin/ems.js` in a process of its own, without a terminal. */
import { spawn, type ChildProcess } from 'node:child_process';
import { bare, type Env } from './ems.js';

interface Ended {
  /** Null where a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface EmsProcess {
  child: ChildProcess;
  /** What it has printed so far. */
  printed: () => string;
  ended: Promise<Ended>;
}

export function startEmsProcess(env: Env, args: string[], nodeOptions: string[] = []): EmsProcess {
  const child = spawn(process.execPath, [...nodeOptions, 'bin/ems.js', ...args], {
    env: { ...bare, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    child,
    printed: () => stdout,
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    }),
  };
}

export const emsProcess = (env: Env, ...args: string[]): Promise<Ended> => startEmsProcess(env, args).ended;
