import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import gatekeeperContract from '../../examples/gatekeeper/gatekeeper-contract.js';
import { inBothForms } from '../promises/both-forms.js';
import { ended } from '../promises/on-the-way.js';

const FOLDER = path.resolve('dist/examples/gatekeeper');

const { url, secrets, admin, stop } = await gatekeeperContract();
const doors = admin('');
const snippet = readFileSync('examples/gatekeeper/system.yaml', 'utf8').replace(/^#.*\n/, '');

inBothForms(
  'the gatekeeper of examples/, by an adapter of its own',
  {
    systems: ['payroll'],
    config: [['systems:\n', snippet]],
    env: { ...secrets, GATEKEEPER_URL: url, GATEKEEPER_ADAPTER: path.join(FOLDER, 'gatekeeper-adapter.js') },
  },
  (company) => {
    for (const [outcome, active, groups] of [
      ['retained', true, ['lab']],
      ['leaving', false, []],
    ] as const)
      it(`is blocked, and then as decided: ${outcome}`, async () => {
        const nora = await company().hire({ on: ['payroll'] });
        const badge = await doors.createUser({ employeeId: nora.employeeId });
        await doors.createGroup('lab', [badge]);
        const { exits, untilPhase } = company();
        await exits.open({ employeeId: nora.employeeId });
        await untilPhase(nora, 'awaiting-decision');
        assert.deepEqual(await doors.account(badge), { id: badge, active: false, groups: ['lab'] });
        await ended(company(), nora, outcome);
        assert.deepEqual(await doors.account(badge), { id: badge, active, groups });
        const { systems } = await exits.report(nora.employeeId, 'test');
        assert.equal(systems.find(({ system }) => system === 'doors')?.block.how, 'observed');
      });
  },
);

describe('the contract suite, on the system that EMS_CONTRACT_OWN names,', () => {
  after(() => stop());

  it('runs as docs/own-adapter.md has it', async () => {
    const mocha = ['node_modules/mocha/bin/mocha.js', '--no-config', '--exit', '--timeout', '60000'];
    const which = ['--fgrep', 'EMS_CONTRACT_OWN', 'dist/test/contract/access.test.js'];
    const env = { ...process.env, EMS_CONTRACT_OWN: path.join(FOLDER, 'gatekeeper-contract.js') };
    const { stdout } = await promisify(execFile)(process.execPath, [...mocha, ...which], { env });
    assert.match(stdout, /^ +20 passing/m);
    assert.doesNotMatch(stdout, /failing|pending/);
  });
});
