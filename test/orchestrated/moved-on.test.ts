/** The status has two sources, and the exit goes on between them. */
import assert from 'node:assert/strict';
import { Client, type WorkflowClientInterceptor } from '@temporalio/client';
import { orchestratedExits } from '../../src/temporal/orchestrated-exits.js';
import { opened, untilStep } from '../promises/on-the-way.js';
import { startWorld, stepOf, type World } from '../support/world.js';

describe('a step that ends while its status is read', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  it('shows its end, and no attempt that is over', async () => {
    world.mail.refuse(() => ({ code: 450, message: 'come back later' }));
    const nora = await opened(world);
    await world.until(
      nora,
      'an attempt',
      (status) => stepOf(status, 'notify-manager')?.attempt !== undefined,
    );
    const query: WorkflowClientInterceptor['query'] = async (input, next) => {
      world.mail.refuse(undefined);
      await untilStep(world, nora, 'notify-manager', 'done');
      return next(input);
    };
    const { connection, options } = world.client;
    const { dataConverter } = options;
    const slow = orchestratedExits(
      new Client({ connection, dataConverter, interceptors: { workflow: [{ query }] } }),
    );
    const { state, attempt, error, nextAttemptAt } = stepOf(
      await slow.status(nora.employeeId),
      'notify-manager',
    )!;
    assert.deepEqual([state, attempt, error, nextAttemptAt], ['done', undefined, undefined, undefined]);
  });
});
