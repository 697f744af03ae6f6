import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { inOrder, positionOf, type ListedExit } from '../../src/exit/exits.js';
import { eventually } from '../support/eventually.js';
import { startWorld, type World } from '../support/world.js';

const COUNT = 7;
const LIMIT = 3;

describe('the list of the orchestrated exits', () => {
  let world: World;
  const ids = Array.from({ length: COUNT }, (_, i) => `T-page-${i}`);
  before(async () => {
    world = await startWorld({ services: [], alone: true });
    for (const employeeId of ids) await world.exits.open({ employeeId });
  });
  after(async () => {
    for (const id of ids) await world.client.workflow.getHandle(exitWorkflowId(id)).terminate();
    await world.stop();
  });

  it('is the same page by page, and a page describes no more exits than it needs', async () => {
    const whole = await eventually('all in the index', async () => {
      const exits = inOrder(await world.exits.list({ open: true }));
      return ids.every((id) => exits.some(({ employeeId }) => employeeId === id)) ? exits : undefined;
    });
    const { workflow } = world.client;
    const getHandle = workflow.getHandle.bind(workflow);
    let described = 0;
    workflow.getHandle = ((...of: Parameters<typeof getHandle>) => {
      described += 1;
      return getHandle(...of);
    }) as typeof getHandle;
    const paged: ListedExit[] = [];
    try {
      for (let after: string[] | undefined; ;) {
        described = 0;
        const part = inOrder(await world.exits.list({ open: true, page: { limit: LIMIT, after } }));
        assert.ok(described <= LIMIT + 2, `${described} exits were described for ${LIMIT}`);
        const known = new Set(paged.map(({ exitId }) => exitId));
        const page = part.filter(({ exitId }) => !known.has(exitId)).slice(0, LIMIT);
        paged.push(...page);
        if (page.length < LIMIT) break;
        after = positionOf(page.at(-1)!);
      }
    } finally {
      workflow.getHandle = getHandle;
    }
    assert.deepEqual(
      paged.map(({ exitId }) => exitId),
      whole.map(({ exitId }) => exitId),
    );
  });
});
