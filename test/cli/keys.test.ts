import assert from 'node:assert/strict';
import { answer } from '../support/ems.js';
import { HR, startWorld, stepOf, type World } from '../support/world.js';
import { untilStep } from '../promises/on-the-way.js';

describe('an exit whose employee the directory does not know, from the command line,', () => {
  let world: World;
  before(async () => {
    world = await startWorld({
      systems: ['payroll', 'code'],
      config: [
        ['  - name: payroll\n', "  - name: payroll\n    match: [{ emails.value: '{email}' }]\n"],
        ['  - name: code\n', "  - name: code\n    match: [{ userName: '{login}' }]\n"],
      ],
    });
  });
  after(() => world.stop());

  for (const [option, system, key] of [
    ['--login', 'code', 'userName'],
    ['--email', 'payroll', 'emails.value'],
  ] as const)
    it(`is found with ${option} alone, blocked and given back`, async () => {
      const employeeId = `K${option.replace('--', '-')}`;
      const name = `keyed${option.replace('--', '-')}@acme.example`;
      const user = { employeeId: `other-${employeeId}`, userName: name, email: name };
      const id = await world.admin[system].createUser(user);
      await answer(world.env, 'resign', employeeId, option, name);
      const nora = { employeeId, email: name, manager: HR, accounts: { [system]: id } };
      const blocked = await untilStep(world, nora, `block-access:${system}`, 'done');
      assert.match(stepOf(blocked, `block-access:${system}`)!.note!, new RegExp(`found by ${key}`));
      assert.equal((await world.account(nora, system)).active, false);
      await answer(world.env, 'decide', employeeId, 'retained', '--by', HR);
      await untilStep(world, nora, `restore-access:${system}`, 'done');
      assert.equal((await world.account(nora, system)).active, true);
    });
});
