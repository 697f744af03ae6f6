import assert from 'node:assert/strict';
import type { Worker } from '@temporalio/worker';
import { createWorkers, runWorkers, workerServices } from '../../src/temporal/workers.js';
import { startWorld, type World } from '../support/world.js';

/** What the SDK keeps of its core, which has no public way to be late. */
interface Core {
  nativeWorker: { pollActivityTask(): Promise<unknown>; finalizeShutdown(): Promise<void> };
}

describe('a worker that is asked to stop', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ services: [] });
  });
  after(() => world.stop());

  async function stopped(onFinalize: (core: Core['nativeWorker']) => void): Promise<Worker> {
    const [worker] = await createWorkers({
      connection: world.native,
      namespace: 'default',
      config: world.config,
      services: [...workerServices],
    });
    const { nativeWorker: core } = worker as unknown as Core;
    const finalize = core.finalizeShutdown.bind(core);
    core.finalizeShutdown = () => {
      onFinalize(core);
      return finalize();
    };
    const running = runWorkers([worker!]);
    worker!.shutdown();
    await running;
    return worker!;
  }

  it('has stopped where its core still holds the last answer of a poll', async () => {
    // The core lets go of a poll shortly after it has answered it. A poll that is still out holds it for certain.
    const worker = await stopped((core) => {
      for (let poll = 0; poll < 200; poll += 1) void core.pollActivityTask().catch(() => undefined);
    });
    assert.equal(worker.getState(), 'STOPPED');
  });

  it('fails where its core fails in another way', async () => {
    const failing = stopped(() => {
      throw new Error('the core is broken');
    });
    await assert.rejects(failing, /the core is broken/);
  });
});
