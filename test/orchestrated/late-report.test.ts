/** What an attempt reports and does after its reports were read counts, also where the cancellation carries no word of it. */
import { Worker } from '@temporalio/worker';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { ended, hasAccess, opened } from '../promises/on-the-way.js';
import { eventually } from '../support/eventually.js';
import { gate } from '../support/gate.js';
import { startWorld, type World } from '../support/world.js';

/** The blocks of other systems may be under way as well. */
const BLOCK = 'block-access:code';

describe('an attempt whose reports were read before it wrote', () => {
  /** Runs between the reading of the reports and the answer to the workflow. */
  let meanwhile: (() => Promise<void>) | undefined;
  let world: World;
  const create = Worker.create.bind(Worker);
  before(async () => {
    Worker.create = (options) => {
      const activities = options.activities as Record<string, (...args: unknown[]) => Promise<unknown>>;
      const { progressOf } = activities;
      const late = async (activityId: unknown) => {
        const read = await progressOf!(activityId);
        if (activityId === BLOCK) await meanwhile?.();
        return read;
      };
      return create({ ...options, activities: { ...activities, ...(progressOf && { progressOf: late }) } });
    };
    world = await startWorld({ config: [['initialInterval: PT1S', 'initialInterval: PT20S']] });
  });
  after(async () => {
    Worker.create = create;
    await world.stop();
  });

  it('is given back what it took, where its answer was lost and the cancellation finds it between two attempts', async () => {
    const { passed: until, open: go } = gate();
    world.proxies.code.fault(({ method, path }) => {
      if (method === 'PATCH') return { kind: 'lost-answer' };
      return method === 'GET' && /\/Users\/[^?/]+$/.test(path) ? { kind: 'held', until } : undefined;
    });
    const reading = world.proxies.code.next(
      ({ method, path }) => method === 'GET' && /\/Users\/[^?/]+$/.test(path),
    );
    const nora = await opened(world);
    await reading;
    meanwhile = async () => {
      meanwhile = undefined;
      go();
      await eventually('the second attempt to be waited for', async () => {
        const { raw } = await world.client.workflow.getHandle(exitWorkflowId(nora.employeeId)).describe();
        const block = raw.pendingActivities?.find((each) => each.activityId === BLOCK);
        return block && block.attempt! > 1 ? true : undefined;
      });
      await world.mend();
    };
    await ended(world, nora, 'retained');
    await hasAccess(world, nora);
  });
});
