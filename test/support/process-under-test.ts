/** A worker or a service in a process of its own, with its log and its answers to `/healthz` and `/readyz`. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { bare, type Env } from './ems.js';
import { eventually } from './eventually.js';

export interface ProcessUnderTest {
  child: ChildProcess;
  /** What it has written to stderr so far. */
  stderr: () => string;
  /** Its exit code, or the name of the signal that ended it. */
  ended: Promise<number | string>;
  /** Resolves once a line of its log matches. */
  said: (what: RegExp) => Promise<true>;
}

/** @param cwd default: this folder */
export function startProcess(
  env: Env,
  command: string[],
  program = process.execPath,
  cwd?: string,
): ProcessUnderTest {
  const child = spawn(program, command, {
    env: { ...bare, ...env },
    cwd,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const stderr = (): string => lines.join('\n');
  return {
    child,
    stderr,
    ended: new Promise((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'nothing')),
    ),
    said: (what) =>
      eventually(`${what} in the log: ${stderr()}`, () => (what.test(stderr()) ? true : undefined)),
  };
}
