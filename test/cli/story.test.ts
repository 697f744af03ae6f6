import assert from 'node:assert/strict';
import type { Evidence } from '../../src/exit/evidence/evidence.js';
import { answer, page } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { readPage } from '../support/report-page.js';
import { HR, startWorld, type World } from '../support/world.js';

const HEAD = 'head-of-hr@acme.example';

describe('an exit that is not decided in time', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      config: [
        // A rung that a busy machine comes to only when the next one is due would be passed over.
        ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT2S]'],
        ['within: PT120H, escalateEvery: PT168H', 'within: PT10S, escalateEvery: PT1S'],
      ],
    });
  });
  after(() => world.stop());

  it('goes through reminders, escalation, decision and report, with ems alone', async () => {
    const nora = await world.hire();
    const { employeeId } = nora;
    await page(world.env, 'resign', employeeId);
    const isListed = (found: { employeeId: string }[]) =>
      found.some((each) => each.employeeId === employeeId);
    await eventually('the exit to be overdue', async () =>
      isListed(await answer(world.env, 'list', '--overdue')) ? true : undefined,
    );
    assert.match(await page(world.env, 'status', employeeId), /decision +due .* \(overdue\)/);
    await eventually('an escalation', () =>
      world.mail.to(HEAD).some(({ text }) => text?.includes(employeeId)) ? true : undefined,
    );
    // The command that the reminder names.
    const reminder = world.mail.to(HR).find(({ messageId }) => messageId?.includes('remind-hr-partner'));
    const [, command] = /^(?:npx )?ems (decide .* leaving --by .*)$/m.exec(reminder!.text!) ?? [];
    await page(world.env, ...command!.split(' '));
    await world.untilPhase(nora, 'closed');

    const evidence = await answer<Evidence>(world.env, 'report', employeeId);
    assert.equal(evidence.outcome, 'leaving');
    assert.ok(evidence.times.resignationToBlock.allMs! > 0);
    assert.ok(evidence.times.decisionToEnd!.allMs! > 0);
    const kinds = evidence.mails.map(({ mail }) => mail);
    for (const kind of ['notifyManager', 'notifyEmployee', 'remindHrPartner', 'escalate'])
      assert.ok(kinds.includes(kind), `${kind} in ${kinds.join()}`);
    const text = readPage(await page(world.env, 'report', employeeId)).text();
    for (const said of [employeeId, 'reminder to decide', 'escalation', HR, HEAD])
      assert.ok(text.includes(said), said);
  });
});
