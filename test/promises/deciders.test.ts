import assert from 'node:assert/strict';
import type { Decision } from '../../src/exit/decision.js';
import { HR, IT, stateOf, stepOf } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, waiting } from './on-the-way.js';

const BOARD = 'nora.board@acme.example';
const HEAD = 'head-of-hr@acme.example';
const retained: Decision = { outcome: 'retained', decidedBy: HEAD };
const config: [string, string][] = [
  ['secondPerson: []', `secondPerson: [], deciders: [escalation, { name: Nora Board, email: ${BOARD} }]`],
  ['remindAfter: [PT24H, PT48H, PT72H]', 'remindAfter: [PT0.5S]'],
];

inBothForms('an exit whose plan names who decides', { systems: ['payroll'], config }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));
  const refused = (employeeId: string, decidedBy: string, why: RegExp) =>
    assert.rejects(world.exits.decide(employeeId, { ...retained, decidedBy }), why);

  it('is decided by these alone, who are reminded', async () => {
    const colleague = await world.hire({ on: [] });
    const nora = await waiting(world, { on: ['payroll'] });
    for (const other of [HR, IT, colleague.email])
      await refused(
        nora.employeeId,
        other,
        /does not decide on this exit: ask Acme Head of HR \(head-of-hr@/,
      );
    const status = await world.until(
      nora,
      'the reminder',
      (each) => stateOf(each, 'remind-hr-partner') === 'done',
    );
    assert.match(status.awaiting, /^Acme Head of HR \(head-of-hr@acme\.example\) is to decide/);
    assert.match(stepOf(status, 'remind-hr-partner')!.note!, /to head-of-hr@acme\.example$/);
    await ended(world, nora, { ...retained, decidedBy: BOARD.replace('@', '+exits@') });
  });

  it('is decided by the others where it concerns one of them', async () => {
    const nora = await waiting(world, { on: ['payroll'], email: BOARD });
    await refused(nora.employeeId, BOARD, /is the employee concerned/);
    await refused(
      nora.employeeId,
      HR,
      /does not decide on this exit: ask Acme Head of HR \(head-of-hr@[^,]*$/,
    );
    await ended(world, nora, retained);
  });
});
