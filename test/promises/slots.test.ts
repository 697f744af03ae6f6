/** Without a calendar: what keeps the interviews of one HR partner apart is each form's own. test/services/calendar-race.test.ts has the rest. */
import assert from 'node:assert/strict';
import { HR, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, untilStep } from './on-the-way.js';

const DAY_MS = 24 * 60 * 60 * 1000;

inBothForms('the interviews of one HR partner', { systems: ['payroll'] }, (company) => {
  let world: Company;
  beforeEach(() => (world = company()));

  const resigned = () => opened(world, { on: ['payroll'] });
  const interviewOf = async (nora: Hired) =>
    (await world.until(nora, 'the interview', ({ interview }) => interview !== undefined)).interview!;
  const startOf = async (nora: Hired) => (await interviewOf(nora)).start;
  /** A later exit takes the first slot that is free. */
  const firstFree = async () => startOf(await resigned());

  for (const [tag, count] of [
    ['', 10],
    ['@long ', 25],
  ] as const)
    it(`${tag}of ${count} employees who resign at once are at ${count} times, and none overlaps another`, async () => {
      const all = await Promise.all(Array.from({ length: count }, resigned));
      const interviews = (await Promise.all(all.map(interviewOf))).toSorted((a, b) =>
        a.start.localeCompare(b.start),
      );
      interviews.forEach(({ start }, i) => {
        if (i > 0)
          assert.ok(start >= interviews[i - 1]!.end, `${start} is in ${JSON.stringify(interviews[i - 1])}`);
      });
    });

  it('give a time free again: of an employee who is retained, and of one whose interview moves', async () => {
    const [retained, moved, leaving] = [await resigned(), await resigned(), await resigned()];
    const [first, second] = [await startOf(retained), await startOf(moved)];
    await startOf(leaving);
    await ended(world, leaving, 'leaving');
    await ended(world, retained, 'retained');
    assert.equal(await firstFree(), first);
    const at = new Date(Date.now() + 40 * DAY_MS).toISOString();
    await world.exits.reschedule(moved.employeeId, { at, by: HR });
    assert.equal(await firstFree(), second);
  });

  it('keep their times while the services are restarted before the invitations are out', async () => {
    world.mail.refuse(() => ({ code: 450, message: 'try again later' }));
    const waiting = await resigned();
    await world.until(waiting, 'a failed attempt', ({ steps }) =>
      steps.some(({ name, error }) => name === 'schedule-hr-interview' && /450/.test(error ?? '')),
    );
    await world.stopServing();
    await world.startServing();
    const other = await resigned();
    world.mail.refuse(undefined);
    await Promise.all(
      [waiting, other].map((nora) => untilStep(world, nora, 'schedule-hr-interview', 'done')),
    );
    const [a, b] = [await interviewOf(waiting), await interviewOf(other)];
    assert.ok(a.end <= b.start || b.end <= a.start, JSON.stringify([a, b]));
    assert.equal(world.mail.invitationsTo(waiting.email).length, 1);
  });
});
