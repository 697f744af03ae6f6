/** `npm run dev`: the local stack, built and started again at every change. What does not compile starts when it is mended. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'chokidar';

const changes = watch(['src', 'templates', 'ems.config.yaml'], { ignoreInitial: true });
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());

while (!interrupted.signal.aborted) {
  // Before the build: what changes while it builds is built next.
  const changed = once(changes, 'all', { signal: interrupted.signal }).catch(() => undefined);
  const build = spawn('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
  const [failed] = (await once(build, 'exit')) as [number | null];
  const stack = failed === 0 ? startStack() : undefined;
  await changed;
  if (stack) await stopped(stack);
}
await changes.close();

/** In a group of its own, as a second Ctrl-C would end it at once: the first is for us, and we stop it. It goes when we do. */
function startStack(): ChildProcess {
  const modules = ['--import', './dist/src/local/die-with-parent.js', 'dist/src/local/start-stack.js'];
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const args = ['--enable-source-maps', ...modules, ...process.argv.slice(2)];
  return spawn(process.execPath, args, { detached: true, stdio: [...stdio] });
}

async function stopped(stack: ChildProcess): Promise<void> {
  if (stack.exitCode !== null || stack.signalCode !== null) return;
  stack.kill('SIGTERM');
  await once(stack, 'exit');
}
