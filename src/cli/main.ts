/** The process of `ems`. */
import { run } from './program.js';

/** A broker that restarts answers within 30 s. */
const WITHIN_MS = 60_000;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());

const { env, stdout, stderr } = process;
// The first line after a reader such as `head` has closed the pipe ends a command as Ctrl-C does.
stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return stop.abort();
  stderr.write(`ems: The output cannot be written: ${message}\n`);
  process.exit(1);
});
const code = await run(process.argv.slice(2), {
  ...{ env, stdout, stderr },
  signal: stop.signal,
  withinMs: WITHIN_MS,
});
// A half-open connection cannot be closed, and would keep the process alive. The error of a write comes before the immediate.
stdout.write('', () => setImmediate(() => process.exit(code)));
