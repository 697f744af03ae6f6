/**
 * Preloaded into a worker process: on SIGUSR2 the core of its first worker gives up, as it does on a completion that it calls malformed.
 * It then still holds a task that no one completes, so that it never shuts down.
 */
import { Worker } from '@temporalio/worker';

interface Inner {
  unexpectedErrorSubject: { error: (error: Error) => void };
  nativeWorker: { finalizeShutdown: () => Promise<void> };
}

const create = Worker.create.bind(Worker);
Worker.create = async (options) => {
  const worker = await create(options);
  process.once('SIGUSR2', () => {
    const inner = worker as unknown as Inner;
    inner.nativeWorker.finalizeShutdown = () => new Promise(() => undefined);
    inner.unexpectedErrorSubject.error(new Error('Malformed Workflow Completion'));
  });
  return worker;
};
