/** Runs a program that is not Node.js, `node guard.js <program> <argument…>`, and ends it when the parent ends. */
import { spawn } from 'node:child_process';

const [program, ...args] = process.argv.slice(2);
if (!program) throw new Error('guard.js needs a program to run');

const child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('error', (error) => {
  console.error(error.message);
  process.exit(127);
});
// Where this guard is killed, its parent ends the program.
if (child.pid !== undefined) process.send?.({ pid: child.pid });
child.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 0 : 1)));
const stop = (): void => void child.kill('SIGTERM');
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
process.on('disconnect', () => {
  stop();
  setTimeout(() => child.kill('SIGKILL'), 3_000).unref();
});
