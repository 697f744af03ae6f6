import assert from 'node:assert/strict';
import { CRITICAL_GROUPS, IT, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, opened, settle, untilStep, waiting } from './on-the-way.js';

inBothForms('the last active member of a protected group', { systems: ['production'] }, (company) => {
  const setStandIn = (isActive: boolean) => company().admin.production.setActive(company().standIn, isActive);
  beforeEach(() => setStandIn(false));
  afterEach(() => setStandIn(true));

  it('keeps access, and the block needs attention until another member is there', async () => {
    const { account } = company();
    const nora = await opened(company(), { on: ['production'] });
    const stuck = await untilStep(company(), nora, 'block-access:production');
    assert.match(
      stepOf(stuck, 'block-access:production')!.error!,
      /is the last active member of production-admins on production: put another member there and retry, or retry with an override$/,
    );
    assert.equal(stuck.blockedAt, undefined);
    const all = [...CRITICAL_GROUPS, 'readers'].toSorted();
    assert.deepEqual((await account(nora, 'production')).groups, all, 'nothing was taken');

    await setStandIn(true);
    await settle(company(), nora, 'block-access:production', 'retry');
    await untilStep(company(), nora, 'block-access:production', 'done');
    assert.deepEqual((await account(nora, 'production')).groups, ['readers']);
    await ended(company(), nora, 'leaving');
  });

  it('loses access once an operator overrides the protection for this exit', async () => {
    const { exits, account } = company();
    const nora = await opened(company(), { on: ['production'] });
    await untilStep(company(), nora, 'block-access:production');
    const which = { step: 'block-access', system: 'production', by: IT };
    await assert.rejects(
      exits.resolve(nora.employeeId, { ...which, action: 'skip', override: true }),
      /accounts and override go with retry/,
    );
    await exits.resolve(nora.employeeId, { ...which, action: 'retry', override: true });
    await untilStep(company(), nora, 'block-access:production', 'done');
    assert.deepEqual((await account(nora, 'production')).groups, ['readers']);
    await ended(company(), nora, 'leaving');
  });

  it('loses access where a person overrides the protection, and the exit names that person', async () => {
    const nora = await waiting(company(), { on: ['production'] }, { overrideBy: IT });
    const { overrideBy, needsAttention } = await company().exits.status(nora.employeeId);
    assert.deepEqual([overrideBy, needsAttention], [IT, false]);
    assert.deepEqual((await company().account(nora, 'production')).groups, ['readers']);
    await ended(company(), nora, 'leaving');
  });
});
