import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import type { Report } from '../../src/doctor/examine.js';
import { OPENING_REMINDERS } from '../../src/activities/opening-activities.js';
import { ensureOpeningReminders } from '../../src/temporal/namespace.js';
import { ems } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { HR, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended } from './on-the-way.js';

const BOSS = 'head-of-hr@acme.example';
/** With the reminders of ems.config.yaml: after 24, 48 and 72 h, and an escalation after 120 h. */
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

inBothForms('openings that wait for a second person', { systems: ['payroll'] }, (company) => {
  let world: Company;
  const kept: string[] = [];
  let isScheduled = false;
  let hr: Hired;
  // Whose an address is, the directory is asked again after a minute.
  before(async () => {
    hr = await company().hire({ on: ['payroll'], email: HR });
  });
  beforeEach(() => (world = company()));
  afterEach(async () => {
    for (const employeeId of kept.splice(0))
      await world.exits.openings.end(employeeId, { how: 'rejected', by: HR });
    if (isScheduled) await world.client.schedule.getHandle(OPENING_REMINDERS).delete();
    isScheduled = false;
  });

  /** @returns the employee */
  async function keep(askedBy: string, askedAt: string): Promise<string> {
    const { openings } = world.exits;
    const employeeId = `T-${randomUUID().slice(0, 8)}`;
    await openings.keep({ resignation: { employeeId, submittedBy: askedBy }, beyond: 'hour', askedAt });
    kept.push(employeeId);
    await eventually(
      'it to be listed',
      async () =>
        (await openings.waiting()).some(({ resignation }) => resignation.employeeId === employeeId) ||
        undefined,
    );
    return employeeId;
  }

  /** One whose first reminder falls due now, which an earlier look has not seen. */
  async function keepDue(askedBy: string): Promise<void> {
    const dueAt = Date.now() + 300;
    await keep(askedBy, new Date(dueAt - 24 * 3_600_000).toISOString());
    await eventually('it to be due', () => Promise.resolve(Date.now() > dueAt || undefined));
    await look();
  }

  /** As at its time, or after a restart. */
  async function look(): Promise<void> {
    if (world.form === 'choreographed') return world.restart(() => undefined);
    await ensureOpeningReminders(world.client, world.config);
    isScheduled = true;
    await world.client.schedule.getHandle(OPENING_REMINDERS).trigger(ScheduleOverlapPolicy.BUFFER_ALL);
  }

  const told = (address: string, askedBy: string) =>
    world.mail.to(address).filter(({ text }) => text?.includes(`${askedBy} asked on`));
  const untilTold = (address: string, askedBy: string) =>
    eventually(`a mail to ${address}`, () => Promise.resolve(told(address, askedBy)[0]));

  it('are reminded of by one mail for each who asked, once, and are escalated', async () => {
    const [hris, payroll, later] = ['hris', 'payroll', 'later'].map((name) => `${name} ${randomUUID()}`);
    await keep(hris!, hoursAgo(25));
    await keep(hris!, hoursAgo(1));
    await keep(payroll!, hoursAgo(121));
    await keep(later!, hoursAgo(1));
    await look();
    const reminder = await untilTold(HR, hris!);
    assert.match(reminder.subject!, /^Please confirm: .*second person \(reminder 1 of 3\)$/);
    assert.match(reminder.text!, /2 still wait\. Nothing of them is blocked yet\.[^]*ems openings/);
    const overdue = await untilTold(BOSS, payroll!);
    assert.match(overdue.subject!, /^Overdue: exits wait for a second person$/);
    assert.match(overdue.text!, /One still waits\. It is not blocked yet\./);
    // What comes later shows that no second one came before it.
    const last = `last ${randomUUID()}`;
    await keepDue(last);
    await untilTold(HR, last);
    assert.deepEqual(
      [told(HR, hris!), told(BOSS, hris!), told(HR, payroll!), told(BOSS, payroll!), told(HR, later!)].map(
        ({ length }) => length,
      ),
      [1, 0, 0, 1, 0],
    );
  });

  it('are brought to the next one, where the one who may confirm has asked, or has an open exit of their own', async () => {
    const hris = `hris ${randomUUID()}`;
    await keepDue(HR);
    await untilTold(BOSS, HR);
    assert.deepEqual(told(HR, HR), []);
    await world.exits.open({ employeeId: hr.employeeId });
    await keepDue(hris);
    await untilTold(BOSS, hris);
    assert.deepEqual(told(HR, hris), []);
    await ended(world, hr, { outcome: 'retained', decidedBy: BOSS });
  });

  it('are named by `ems doctor`, which finds them wrong once a reminder was due, and by `ems list --attention`', async () => {
    const find = async () => {
      const { findings } = JSON.parse((await ems(world.env, 'doctor', '--json')).stdout) as Report;
      return findings.find(({ about }) => about === 'openings');
    };
    // Other tests may leave some in this Temporal.
    const left = (await world.exits.openings.waiting()).length;
    await keep('hris', new Date().toISOString());
    assert.deepEqual([(await find())?.isWell, (await find())?.count], ['yes', left + 1]);
    const oldest = await keep('hris', hoursAgo(25));
    const { isWell, count, remark } = (await find())!;
    assert.deepEqual([isWell, count], ['no', left + 2]);
    assert.match(remark!, /openings wait for a second person, and nothing of them is blocked: ems openings$/);
    const { stderr } = await ems(world.env, 'list', '--attention');
    const named = new RegExp(`openings wait for a second person, since .*: ${oldest}, .*See "ems openings"`);
    assert.match(stderr, named);
  });
});
