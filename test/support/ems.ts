/** `ems` in this process. test/cli/process.test.ts runs the real command. */
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run } from '../../src/cli/program.js';

export type Env = Record<string, string>;

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

interface Running {
  /** What it has printed so far. */
  printed: () => string;
  /** The same on stderr. */
  warned: () => string;
  interrupt: () => void;
  ended: Promise<Ran>;
}

// Neither a variable of the tester nor a stack that runs on this machine may answer for the product.
const nowhere = path.join(tmpdir(), 'ems-test-nowhere');
export const bare = { PATH: process.env['PATH'] ?? '', HOME: nowhere, EMS_HOME: nowhere };

export const startEms = (env: Env, ...args: string[]): Running => startEmsWithin(60_000, env, ...args);

export function startEmsWithin(withinMs: number, env: Env, ...args: string[]): Running {
  let stdout = '';
  let stderr = '';
  const stop = new AbortController();
  const io = {
    env: { ...bare, ...env },
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    ...{ signal: stop.signal, withinMs },
  };
  return {
    printed: () => stdout,
    warned: () => stderr,
    interrupt: () => stop.abort(),
    ended: run(args, io).then((code) => ({ code, stdout, stderr })),
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
  /** The exit code. */
  code: number;
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
