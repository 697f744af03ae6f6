/** `npm start` as a process of its own, in a folder of its own. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readStack, type StackFile } from '../../src/local/stack-file.js';
import type { Env } from './ems.js';
import { eventually } from './eventually.js';

export interface Started {
  process: ChildProcess;
  output: () => string;
  /** Resolves with the exit code, null where a signal ended it. */
  ended: Promise<number | null>;
}

const started: Started[] = [];

/** `npm start`, without npm. */
export function start(home: string, args = ['--free-ports'], more: Env = {}): Started {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], EMS_HOME: home, ...more };
  const child = spawn(process.execPath, ['dist/src/local/start-stack.js', ...args], { env });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const stack = { process: child, output: () => output, ended };
  started.push(stack);
  return stack;
}

export async function ready(home: string, stack: Started): Promise<StackFile> {
  await eventually(
    'the stack to be ready',
    () => {
      assert.equal(stack.process.exitCode, null, stack.output());
      return stack.output().includes('Ready.') || undefined;
    },
    50_000,
  );
  return readStack(home)!;
}

/** The children end when their parent is gone. */
export function killStacks(): void {
  for (const { process } of started) process.kill('SIGKILL');
}
