import assert from 'node:assert/strict';
import { ensureWeeklyDigest, WEEKLY_DIGEST } from '../../src/temporal/namespace.js';
import { dueDigest } from '../support/due-digest.js';
import { eventually } from '../support/eventually.js';
import { HR } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { waiting } from './on-the-way.js';

inBothForms('the weekly digest', { systems: ['payroll'] }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));
  const digests = () => world.mail.mails.filter(({ messageId }) => messageId?.includes('weekly-digest'));

  /** As two processes of a deployment do, one after a restart. */
  async function serveTwice(): Promise<void> {
    await world.restart((config) => (config.digest = dueDigest(config.interview.timeZone)));
    if (world.form === 'choreographed') return world.startServing();
    for (let i = 0; i < 2; i++) await ensureWeeklyDigest(world.client, world.config);
  }

  it('comes once to HR, with each open exit, who is awaited and when it is due; also by several processes', async () => {
    const nora = await waiting(world, { on: ['payroll'], displayName: 'Nora Digest' });
    await serveTwice();
    if (world.form === 'orchestrated') await world.client.schedule.getHandle(WEEKLY_DIGEST).trigger();
    const mail = await eventually('the digest', () => Promise.resolve(digests()[0]));
    assert.match(
      mail.text!,
      new RegExp(`Nora Digest \\(${nora.employeeId}\\): awaits the decision of HR; due by `),
    );
    assert.match(mail.subject!, /open exit/);
    // What comes later shows that no second one came before it.
    await serveTwice();
    await waiting(world, { on: ['payroll'] });
    assert.deepEqual(
      digests().map(({ recipient }) => recipient),
      [HR],
    );
    if (world.form === 'orchestrated') {
      const { info } = await world.client.schedule.getHandle(WEEKLY_DIGEST).describe();
      assert.equal(info.recentActions.length, 1);
      await ensureWeeklyDigest(world.client, { ...world.config, digest: undefined });
      await assert.rejects(world.client.schedule.getHandle(WEEKLY_DIGEST).describe(), /not found/i);
    }
  });
});
