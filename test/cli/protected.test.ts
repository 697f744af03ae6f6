import assert from 'node:assert/strict';
import { ended } from '../promises/on-the-way.js';
import { answer, ems, page } from '../support/ems.js';
import { hidesMembers } from '../contract/quirks.js';
import { IT, startWorld, type Hired, type World } from '../support/world.js';

describe('the last active member of a protected group', () => {
  let world: World;
  let nora: Hired;
  before(async () => {
    world = await startWorld();
    nora = await world.hire();
    await world.admin.production.setActive(world.standIn, false);
  });
  after(() => world.stop());

  it('is kept: ems resign refuses, names group and system, and starts nothing', async () => {
    const { code, stderr } = await ems(world.env, 'resign', nora.employeeId);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^ems: .* is the last active member of production-admins on production: put another member there, or use --override --by/,
    );
    assert.equal(await world.exits.find(nora.employeeId), undefined);
  });

  it('shows with --dry-run, beside what the hold would take and what revocation would remove', async () => {
    const told = await page(world.env, 'resign', nora.employeeId, '--dry-run');
    assert.match(told, /block-access:production +.*take production-operators, production-admins/);
    assert.match(
      told,
      /revoke-access:production +if leaving: deactivate, remove from .*production-admins.*readers/,
    );
    assert.match(
      told,
      /refused unless --override +is the last active member of production-admins on production/,
    );
  });

  it('is said to be perhaps the last one where the system does not tell who else is in the group', async () => {
    const { employeeId, accounts } = await world.hire({ on: ['production'] });
    world.proxies.production.quirk(hidesMembers);
    const told = await page(world.env, 'resign', employeeId, '--dry-run');
    const { code, stderr } = await ems(world.env, 'resign', employeeId);
    world.proxies.production.quirk(undefined);
    await world.admin.production.setActive(accounts.production!, false);
    const why =
      /may be the last active member of production-admins on production, which does not tell who else is/;
    assert.match(told, new RegExp(`refused unless --override +${why.source}`));
    assert.match(stderr, why);
    assert.doesNotMatch(stderr, /is the last/);
    assert.deepEqual([code, await world.exits.find(employeeId)], [1, undefined]);
  });

  it('is not overridden without a name', async () => {
    const { code, stderr } = await ems(world.env, 'resign', nora.employeeId, '--override');
    assert.equal(code, 2);
    assert.match(stderr, /--override and --by go together/);
  });

  it('is taken with an override, which records by whom', async () => {
    await answer(world.env, 'resign', nora.employeeId, '--override', '--by', IT);
    const status = await world.untilPhase(nora, 'awaiting-decision');
    assert.equal(status.overrideBy, IT);
    assert.deepEqual((await world.account(nora, 'production')).groups, ['readers']);
    assert.match(await page(world.env, 'status', nora.employeeId), /override +protected groups, by it@acme/);
    await ended(world, nora, 'retained');
  });
});
