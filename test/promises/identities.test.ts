import assert from 'node:assert/strict';
import { HR, stateOf, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, opened, settle, untilStep } from './on-the-way.js';

inBothForms('an exit', {}, (company) => {
  it('tells HR where the directory names no manager', async () => {
    const nora = await opened(company(), { manager: null });
    const { exitId, steps } = await company().untilPhase(nora, 'awaiting-decision');
    const notes = steps.map(({ note }) => note).join('\n');
    assert.match(notes, /the directory names no manager; Acme HR is told instead/);
    const told = company()
      .mail.to(HR)
      .find(({ messageId }) => messageId?.includes(`${exitId}.notify-manager`));
    assert.match(told!.text!, /in place of the manager: the directory names no manager/);
    await ended(company(), nora, 'leaving');
  });

  it('holds an employee whom only a critical system knows, and gives access back', async () => {
    const { admin, exits, form, until, account } = company();
    const employeeId = `T-ghost-${process.pid}-${form}`;
    const email = `${employeeId.toLowerCase()}@acme.example`;
    const payroll = await admin.payroll.createUser({ employeeId, email });
    const ghost = { employeeId, email, manager: HR, accounts: { payroll } };
    await exits.open({ employeeId });
    const blocked = await until(
      ghost,
      'blocked, and the directory at a loss',
      ({ needsAttention, blockedAt }) => needsAttention && blockedAt !== undefined,
    );
    const errors = blocked.steps.map(({ error }) => error).join('\n');
    assert.match(errors, new RegExp(`the directory knows no employee ${employeeId}`));
    assert.equal(stateOf(blocked, 'block-access:payroll'), 'done');
    assert.equal((await account(ghost, 'payroll')).active, false);

    await assert.rejects(
      exits.decide(employeeId, { outcome: 'retained', decidedBy: email }),
      /is the employee concerned/,
    );
    await exits.decide(employeeId, { outcome: 'retained', decidedBy: HR });
    await untilStep(company(), ghost, 'restore-access:payroll', 'done');
    assert.equal((await account(ghost, 'payroll')).active, true);
  });

  it('takes no decision of the employee in another spelling of their address, nor of a stranger, and one of a colleague', async () => {
    const { exits, mail } = company();
    const nora = await opened(company(), { email: 'nora@müller.example' });
    await company().untilPhase(nora, 'awaiting-decision');
    // The test's server shows a domain in Unicode.
    assert.ok(mail.recipients().includes('nora@müller.example'));
    const decide = (decidedBy: string) => exits.decide(nora.employeeId, { outcome: 'retained', decidedBy });
    for (const spelling of [
      'Nora@MÜLLER.example',
      'nora@xn--mller-kva.example',
      '"nora"@müller.example',
      'nora+hr@müller.example',
    ])
      await assert.rejects(decide(spelling), /is the employee concerned/, spelling);
    await assert.rejects(decide('eva@evil.example'), /the directory knows no such address/);
    await assert.rejects(
      decide('hr@acme.example\nRCPT TO:<evil@x.example>'),
      /decidedBy: must be a mail address/,
    );
    await company().hire({ on: [], email: 'r&d=hr#1@müller.example' });
    await decide('r&d=hr#1@müller.example');
    const { decision } = await company().untilPhase(nora, 'closed');
    assert.equal(decision?.decidedBy, 'r&d=hr#1@müller.example');
  });

  it('changes neither of two accounts that answer to one employee id, and blocks the other systems', async () => {
    const { admin, account, hire, exits } = company();
    const nora = await hire();
    const { employeeId } = nora;
    const twin = await admin.code.createUser({ employeeId, userName: `twin-of-${employeeId}` });
    await exits.open({ employeeId });
    await untilStep(company(), nora, 'block-access:payroll', 'done');
    const stuck = await untilStep(company(), nora, 'block-access:code');
    assert.match(
      stepOf(stuck, 'block-access:code')!.error!,
      /2 accounts on code have the externalId .*; none is changed/,
    );
    assert.equal((await account(nora, 'payroll')).active, false);
    assert.equal((await account(nora, 'code')).active, true);
    assert.equal((await admin.code.account(twin)).active, true);

    await admin.code.deleteUser(twin);
    await settle(company(), nora, 'block-access:code', 'retry');
    await untilStep(company(), nora, 'block-access:code', 'done');
    assert.equal((await account(nora, 'code')).active, false);
    await ended(company(), nora, 'retained');
    assert.equal((await account(nora, 'code')).active, true);
  });
});
