/** The process of an arm that does the work, and tells what it has done. */
import { startChild, type Child } from '../../src/local/child.js';
import type { Effects, Seen } from './effects.js';

/** @returns once it is ready; when it ends, every wait for an effect ends */
export async function startMeasured(
  spec: Parameters<typeof startChild>[0],
  effects: Effects,
): Promise<Child> {
  const child = await startChild(
    spec,
    (process) =>
      new Promise<void>((resolve) => {
        process.on('message', (message: Seen | 'ready') =>
          message === 'ready' ? resolve() : effects.see(message),
        );
      }),
  );
  void child.exited.then((how) => effects.fail(new Error(`${spec.name} ended (${how}): ${child.logFile}`)));
  return child;
}
