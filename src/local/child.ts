/** Runs a server or worker of the local stack as a child process that never outlives its parent. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

interface ChildSpec {
  name: string;
  /** A Node.js program; otherwise `program`. */
  module?: string;
  /** Any other program. */
  program?: string;
  args?: string[];
  env?: Record<string, string>;
  logFile: string;
  readyWithinMs?: number;
}

export interface Child {
  name: string;
  pid: number;
  logFile: string;
  /** Resolves once the process has ended, with its exit code or signal. */
  exited: Promise<string>;
  /** Sends SIGTERM, and after so long SIGKILL; default: 15 s. */
  stop: (withinMs?: number) => Promise<void>;
  /** Sends SIGKILL. */
  kill: () => Promise<void>;
}

const STOP_WITHIN_MS = 15_000;
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/**
 * @param ready resolves once the child is ready; its signal aborts where the start fails
 * @throws Error with the end of the child's output, where the child exits or is not ready in time
 */
export async function startChild<T>(
  spec: ChildSpec,
  ready: (child: ChildProcess, signal: AbortSignal) => Promise<T>,
): Promise<Child & { ready: T }> {
  const { name, logFile, readyWithinMs = 60_000 } = spec;
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const args = spec.program
    ? [here('./guard.js'), spec.program, ...(spec.args ?? [])]
    : ['--enable-source-maps', '--import', here('./die-with-parent.js'), spec.module!, ...(spec.args ?? [])];
  // Detached from the terminal's process group: on Ctrl-C this process stops its children in order.
  const child = spawn(process.execPath, args, {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, ...spec.env },
  });
  closeSync(log);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`));
  });
  if (spec.program) endWithGuard(child);

  const send = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await exited;
  };
  const stop = async (withinMs = STOP_WITHIN_MS): Promise<void> => {
    const force = setTimeout(() => child.kill('SIGKILL'), withinMs);
    await send('SIGTERM');
    clearTimeout(force);
  };

  const over = new AbortController();
  const failed = (why: string): Error =>
    new Error(`${name} did not start: ${why}.\n${tail(logFile)}\nIts log: ${logFile}`);
  try {
    const result = await Promise.race([
      ready(child, over.signal),
      exited.then((how) => Promise.reject(failed(`it ended with ${how}`))),
      pause(readyWithinMs, undefined, { signal: over.signal, ref: false }).then(() =>
        Promise.reject(failed(`it was not ready within ${readyWithinMs / 1000} s`)),
      ),
    ]);
    return { name, pid: child.pid!, logFile, exited, stop, kill: () => send('SIGKILL'), ready: result };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    over.abort();
  }
}

/** A killed guard cannot end its program, so this process does; the guard's first message has the pid. */
function endWithGuard(guard: ChildProcess): void {
  const started = firstMessage<{ pid: number }>(guard);
  guard.once('exit', (_code, signal) => {
    if (signal === 'SIGKILL') void started.then(({ pid }) => process.kill(pid, 'SIGKILL'));
  });
}

/** Repeats a request until it succeeds or the signal aborts. */
export async function untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (signal.aborted) throw error;
      await pause(50);
    }
  }
}

/** Resolves with the child's first message. */
export function firstMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once('message', (message) => resolve(message as T)));
}

function tail(logFile: string, lines = 12): string {
  return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}
