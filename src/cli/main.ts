/** The process of `ems`. */
import { stopSignal } from '../process/stop-signal.js';
import { run } from './program.js';

/** A broker that restarts answers within 30 s. */
const WITHIN_MS = 60_000;

const outputGone = new AbortController();
const { env, stdout, stderr } = process;
// The first line after a reader such as `head` has closed the pipe ends a command as Ctrl-C does.
stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return outputGone.abort();
  stderr.write(`ems: The output cannot be written: ${message}\n`);
  process.exit(1);
});
const code = await run(process.argv.slice(2), {
  ...{ env, stdout, stderr },
  signal: AbortSignal.any([stopSignal(), outputGone.signal]),
  withinMs: WITHIN_MS,
});
// A half-open connection cannot be closed, and would keep the process alive. The error of a write comes before the immediate.
stdout.write('', () => setImmediate(() => process.exit(code)));
