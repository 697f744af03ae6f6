import assert from 'node:assert/strict';
import { exitWorkflowId } from '../../src/exit/ids.js';
import { ended, waiting } from '../promises/on-the-way.js';
import { readInvitation } from '../support/interview.js';
import { calendarOf } from '../support/smtp.js';
import { CRITICAL_GROUPS, startWorld, type Hired, type World } from '../support/world.js';
import { resetWorkflow } from '../support/reset-workflow.js';

describe('@long an exit that is reset to its beginning', () => {
  let world: World;
  before(async () => {
    world = await startWorld();
  });
  after(() => world.stop());

  const reset = ({ employeeId }: Hired) => resetWorkflow(world.client, exitWorkflowId(employeeId), 0);

  it('keeps its id, so that repeated mail is recognised, and still restores exactly', async () => {
    const nora = await world.hire();
    const { exitId } = await world.exits.open({ employeeId: nora.employeeId });
    await world.untilPhase(nora, 'awaiting-decision');
    await reset(nora);

    const status = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(status.exitId, exitId);
    await world.mail.waitFor(nora.email, 2);
    const told = await world.mail.waitFor(nora.manager, 2);
    assert.equal(new Set(told.map(({ messageId }) => messageId)).size, 1);
    const uids = world.mail
      .invitationsTo(nora.email)
      .map((mail) => /UID:(.*)/.exec(calendarOf(mail).content)?.[1]);
    assert.equal(new Set(uids).size, 1);

    await ended(world, nora, 'retained');
    assert.equal(
      (await world.account(nora, 'payroll')).active,
      true,
      'its own block is not taken for the state before',
    );
    const { groups } = await world.account(nora, 'production');
    assert.deepEqual(groups, [...CRITICAL_GROUPS, 'readers'].toSorted());
  });

  it('knows the time to which the interview was moved, with its SEQUENCE', async () => {
    const nora = await waiting(world);
    await world.exits.reschedule(nora.employeeId, { next: true });
    const { start } = await world.exits.reschedule(nora.employeeId, { next: true });
    await reset(nora);
    await world.mail.waitFor(nora.email, 6);
    const { interview } = await world.until(nora, 'the interview', (status) => !!status.interview);
    assert.equal(interview!.start, start);
    await ended(world, nora, 'retained');
    const sequences = world.mail
      .invitationsTo(nora.email)
      .map(readInvitation)
      // The first one is the number of the slot.
      .map(({ method, event }, _i, [first]) => `${method} ${event.sequence - first!.event.sequence}`);
    assert.deepEqual(sequences, ['REQUEST 0', 'REQUEST 1', 'REQUEST 2', 'REQUEST 2', 'CANCEL 3']);
  });
});
