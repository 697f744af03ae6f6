/** The process of `ems`. */
import { run } from './program.js';

/** A broker that restarts answers within 30 s. */
const WITHIN_MS = 60_000;

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
// A reader that closes the pipe, such as `head`, ends a command as Ctrl-C does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  stop.abort();
});

const { env, stdout, stderr } = process;
const code = await run(process.argv.slice(2), {
  ...{ env, stdout, stderr },
  signal: stop.signal,
  withinMs: WITHIN_MS,
});
// A half-open connection cannot be closed, and would keep the process alive.
stdout.write('', () => process.exit(code));
