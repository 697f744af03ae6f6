/** `ems`, run as people and other programs run it: a process of its own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type Env = Record<string, string>;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface Running {
  /** What it has printed so far. */
  printed: () => string;
  interrupt: () => void;
  ended: Promise<Ran>;
}

// Nothing of the tester's own, neither a variable nor a stack that happens to run here, may answer for what is tested.
const nowhere = path.join(tmpdir(), 'ems-test-nowhere');
const bare = { PATH: process.env['PATH'] ?? '', HOME: nowhere, EMS_HOME: nowhere };

export function startEms(env: Env, ...args: string[]): Running {
  const child = spawn(process.execPath, ['dist/src/cli/main.js', ...args], {
    env: { ...bare, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    printed: () => stdout,
    interrupt: () => void child.kill('SIGINT'),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, stdout, stderr }));
    }),
  };
}

export const ems = (env: Env, ...args: string[]): Promise<Ran> => startEms(env, ...args).ended;

/** Its output where it did as it was told. */
export async function page(env: Env, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await ems(env, ...args);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  return stdout;
}

/** Its answer with --json, which is the one document on stdout: anything else there would not parse. */
export async function answer<T>(env: Env, ...args: string[]): Promise<T> {
  return JSON.parse(await page(env, ...args, '--json')) as T;
}

export interface Refused {
  /** With which the process ended. */
  code: number | null;
  /** What a person reads: with what to type next. */
  sentence: string;
  /** For programs: `not-open`. */
  why: string;
  facts: Record<string, unknown>;
}

/** How it refuses. */
export const refusal = async (env: Env, ...args: string[]): Promise<Refused> =>
  refusalOf(await ems(env, ...args, '--json'));

/** With --json: one sentence on stderr, and in the one document on stdout the same one without the hint. */
export function refusalOf({ code, stdout, stderr }: Ran): Refused {
  const [, sentence] = /^(?:ems|error): (.+)\n$/.exec(stderr) ?? assert.fail(`not one line: ${stderr}`);
  const document = JSON.parse(stdout) as { error: string; code: string; facts: Record<string, unknown> };
  assert.deepEqual(Object.keys(document), ['error', 'code', 'facts']);
  assert.ok(sentence!.startsWith(document.error), sentence);
  // What to type is said by the command alone; wrong usage is about what was typed.
  if (document.code !== 'invalid') assert.doesNotMatch(document.error, /"ems |: ems |--\w|npm start/);
  return { code, sentence: sentence!, why: document.code, facts: document.facts };
}
