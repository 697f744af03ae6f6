import assert from 'node:assert/strict';
import type { Interview } from '../../src/exit/interview.js';
import { HR, stepOf } from '../support/world.js';
import { inBothForms } from './both-forms.js';
import { ended, opened, untilStep } from './on-the-way.js';

const BERLIN = 'Europe/Berlin';
const officeHours: [string, string] = ["{ from: '00:00', to: '23:30' }", "{ from: '09:00', to: '17:00' }"];

/** "15:30", and whether it is a day from Monday to Friday. */
function clock(instant: string, timeZone: string): { time: string; isWeekday: boolean } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  }).formatToParts(new Date(instant));
  const of = (type: string): string => parts.find((part) => part.type === type)!.value;
  return { time: `${of('hour')}:${of('minute')}`, isWeekday: !of('weekday').startsWith('S') };
}
function isAtWork({ start, end }: Pick<Interview, 'start' | 'end'>, zone: string): boolean {
  const [from, to] = [clock(start, zone), clock(end, zone)];
  return from.isWeekday && from.time >= '09:00' && to.time <= '17:00' && from.time < to.time;
}

inBothForms(
  'the interview of an employee in another time zone',
  { systems: ['payroll'], config: [officeHours] },
  (company) => {
    for (const [zone, what, isShared] of [
      ['America/New_York', 'is within the working hours of both', true],
      ['Pacific/Auckland', 'is within those of HR alone where the two share none', false],
    ] as const)
      it(`${zone} ${what}, and the mails name the time there: also after it was moved`, async () => {
        const { exits, mail, until } = company();
        const nora = await opened(company(), { on: ['payroll'], attributes: { timezone: zone } });
        const first = (await until(nora, 'the interview', ({ interview }) => interview !== undefined))
          .interview!;
        const arranged = await untilStep(company(), nora, 'schedule-hr-interview', 'done');
        const { note = '' } = stepOf(arranged, 'schedule-hr-interview')!;
        assert.equal(
          note.includes(`no time was free within the working hours of ${zone} as well`),
          !isShared,
        );
        const moved = await exits.reschedule(nora.employeeId, { next: true, by: HR });
        assert.ok(moved.start >= first.end, JSON.stringify([first, moved]));
        for (const [number, interview] of [first, moved].entries()) {
          assert.ok(isAtWork(interview, BERLIN), JSON.stringify(interview));
          assert.equal(isAtWork(interview, zone), isShared, JSON.stringify(interview));
          for (const recipient of [nora.email, HR]) {
            const ofExit = mail
              .invitationsTo(recipient)
              .filter(({ messageId }) => messageId?.includes(nora.exitId));
            assert.equal(ofExit.length, 2);
            for (const each of [BERLIN, zone]) {
              const { time } = clock(interview.start, each);
              assert.match(ofExit[number]!.text!, new RegExp(`${time}[^()]*\\(${each}\\)`));
            }
          }
        }
        await ended(company(), nora, 'leaving');
      });

    it('a zone that is not known is said, and the company’s clock is used', async () => {
      const nora = await opened(company(), { on: ['payroll'], attributes: { timezone: 'PST' } });
      const status = await untilStep(company(), nora, 'schedule-hr-interview', 'done');
      assert.ok(isAtWork(status.interview!, BERLIN), JSON.stringify(status.interview));
      const { note } = stepOf(status, 'schedule-hr-interview')!;
      assert.match(note!, /by the clock of the company alone: .* time zone "PST" for .* does not know/);
    });
  },
);
