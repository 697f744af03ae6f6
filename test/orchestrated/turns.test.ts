import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { opened } from '../promises/on-the-way.js';
import { eventually } from '../support/eventually.js';
import { gate } from '../support/gate.js';
import { startWorld, type World } from '../support/world.js';

/** More than a system is asked for at once. */
const MANY = 24;
const AT_ONCE = 16;

describe('many exits that need one system at once', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ systems: ['payroll'] });
  });
  after(() => world.stop());

  it('wait for their turn on it, so that it answers each in its time', async () => {
    const { passed: until, open: answer } = gate();
    const asked = new Set<string>();
    world.proxies.payroll.fault(({ path }) => {
      const [employeeId] = /T-\d+-\d+/.exec(decodeURIComponent(path)) ?? [];
      if (employeeId !== undefined) asked.add(employeeId);
      return { kind: 'held', until };
    });
    const people = await Promise.all(Array.from({ length: MANY }, () => opened(world, { on: ['payroll'] })));
    const isUnderWay = async (employeeId: string): Promise<boolean> => {
      const { raw } = await world.client.workflow.getHandle(exitWorkflowId(employeeId)).describe();
      return raw.pendingActivities!.some(
        ({ activityId, lastStartedTime }) => activityId === 'capture-access:payroll' && lastStartedTime,
      );
    };
    await eventually('an attempt for each', async () => {
      const underWay = await Promise.all(people.map(({ employeeId }) => isUnderWay(employeeId)));
      return underWay.every(Boolean) || undefined;
    });
    await eventually('the turns to be taken', () => asked.size >= AT_ONCE || undefined);
    assert.equal(asked.size, AT_ONCE);
    world.proxies.payroll.fault(undefined);
    answer();
    for (const nora of people) await world.untilPhase(nora, 'awaiting-decision');
    for (const nora of people) assert.equal((await world.account(nora, 'payroll')).active, false);
  });
});
