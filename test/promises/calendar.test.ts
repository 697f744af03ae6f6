import assert from 'node:assert/strict';
import {
  addEvent,
  ask,
  interviewsIn,
  startRadicale,
  type Account,
  type CalendarServer,
} from '../support/radicale.js';
import { eventually } from '../support/eventually.js';
import { readInvitation } from '../support/interview.js';
import { startFaultProxy, type FaultProxy } from '../support/fault-proxy.js';
import type { ExitStatus } from '../../src/exit/status.js';
import { HR, IT, stateOf, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, untilStep } from './on-the-way.js';

const DAY_MS = 24 * 60 * 60 * 1000;

const config: [string, string][] = [['attentionAfter: PT15M', 'attentionAfter: PT3S']];

inBothForms(
  '@long the interview in the calendar of the HR partner',
  { systems: ['payroll'], config },
  (company) => {
    let server: CalendarServer;
    let account: Account;
    let proxy: FaultProxy;
    let world: Company;
    before(async () => {
      world = company();
      server = await startRadicale();
      account = await server.calendar('hr');
      proxy = await startFaultProxy(account.url);
      await world.restart(({ contacts }) => {
        const { user, password } = account;
        contacts.hrPartners[0].calendar = { url: proxy.url, user, password };
      });
    });
    afterEach(() => proxy.fault(undefined));
    after(async () => {
      await proxy.stop();
      await server.stop();
    });

    const open = async (lastWorkingDay?: string): Promise<Hired> => {
      const nora = await world.hire({ on: ['payroll'] });
      await world.exits.open({ employeeId: nora.employeeId, ...(lastWorkingDay && { lastWorkingDay }) });
      return nora;
    };
    const scheduled = async (nora: Hired) =>
      (await world.until(nora, 'the interview', ({ interview }) => interview !== undefined)).interview!;
    const startOf = async (nora: Hired): Promise<string | undefined> => {
      const { exitId } = await world.exits.status(nora.employeeId);
      const entries = Object.entries(await interviewsIn(account));
      return entries.find(([uid]) => uid.includes(exitId))?.[1];
    };

    it('is written at the time of the invitation, moves with it, and goes when the employee is retained', async () => {
      const nora = await open();
      const interview = await scheduled(nora);
      assert.equal(Date.parse((await startOf(nora))!), Date.parse(interview.start));

      const moved = await world.exits.reschedule(nora.employeeId, { next: true });
      assert.notEqual(moved.start, interview.start);
      assert.equal(Date.parse((await startOf(nora))!), Date.parse(moved.start));

      await ended(world, nora, 'retained');
      assert.equal(await startOf(nora), undefined);
    });

    it('that HR moved to a later time by hand is withdrawn, even after its earlier time has passed', async () => {
      const nora = await open();
      await scheduled(nora);
      const { start, calendarUrl } = await world.exits.reschedule(nora.employeeId, {
        at: new Date(Date.now() + 5_000).toISOString(),
      });
      const path = calendarUrl!.slice(proxy.url.length);
      // Each by itself: the interview may last over midnight.
      const later = (line: string) =>
        line.replace(/(\d{4})(\d\d)(\d\d)T/, (_, year: string, month: string, day: string) =>
          compact(new Date(Date.parse(`${year}-${month}-${day}`) + 2 * DAY_MS)).slice(0, 9),
        );
      const entry = await ask(account, 'GET', path);
      await ask(account, 'PUT', path, entry.replaceAll(/^DT(START|END).*$/gm, later));
      await eventually('the earlier time to pass', () => Date.now() > Date.parse(start) || undefined);

      const status = await ended(world, nora, 'retained');
      assert.equal(stateOf(status, 'cancel-hr-interview'), 'done');
      assert.equal(await startOf(nora), undefined);
      const { method } = readInvitation(world.mail.invitationsTo(nora.email).at(-1)!);
      assert.equal(method, 'CANCEL');
    });

    it('that HR moved into an unknown time zone is asked about: the operator hears of it, and no mail goes out', async () => {
      const nora = await open();
      await scheduled(nora);
      const { exitId } = await world.exits.status(nora.employeeId);
      const path = `/${encodeURIComponent(`interview.${exitId}@acme.example`)}.ics`;
      const entry = await ask(account, 'GET', path);
      await ask(account, 'PUT', path, entry.replaceAll(/^(DTSTART|DTEND):(.*)Z/gm, '$1;TZID=Planet X:$2'));
      const invited = world.mail.invitationsTo(nora.email).length;
      await assert.rejects(world.exits.reschedule(nora.employeeId, { next: true }), /Planet X/);
      const stuck = await untilStep(world, nora, 'reschedule-hr-interview', 'cannot-tell');
      assert.match(
        stepOf(stuck, 'reschedule-hr-interview')!.error!,
        /Cannot tell when the interview is in .*"Planet X"/,
      );
      await eventually(
        'the mail to the operator',
        () => world.mail.to(IT).some(({ text }) => text!.includes('Planet X')) || undefined,
      );
      assert.equal(world.mail.invitationsTo(nora.email).length, invited);
      const at = new Date(Date.now() + 20 * DAY_MS).toISOString();
      await world.exits.reschedule(nora.employeeId, { at, by: HR });
      assert.equal((await world.exits.status(nora.employeeId)).needsAttention, false);
    });

    it('is scheduled beside an object that cannot be read, and the step names that object', async () => {
      proxy.quirk((forward) => async (request) => {
        const answer = await forward(request);
        if (request.method !== 'REPORT') return answer;
        const item =
          '<response><href>/hr/lunch.ics</href><propstat><prop/><status>HTTP/1.1 403 Forbidden</status></propstat></response>';
        return { ...answer, body: answer.body.replace('</multistatus>', `${item}</multistatus>`) };
      });
      const nora = await open();
      await scheduled(nora);
      proxy.quirk(undefined);
      const { note } = stepOf(await world.exits.status(nora.employeeId), 'schedule-hr-interview')!;
      assert.match(note!, /the calendar of Acme HR has an object whose time cannot be told, lunch\.ics/);
    });

    it('stays when the employee leaves', async () => {
      const nora = await open();
      await scheduled(nora);
      const { interview } = await ended(world, nora, 'leaving');
      assert.equal(Date.parse((await startOf(nora))!), Date.parse(interview!.start));
    });

    it('waits for a calendar that is down, and delays neither the block nor the mails', async () => {
      proxy.fault(() => ({ kind: 'unreachable' }));
      const nora = await open();
      const stuck = await world.until(
        nora,
        'all but the interview',
        (status) =>
          status.blockedAt !== undefined &&
          stateOf(status, 'notify-manager') === 'done' &&
          stateOf(status, 'notify-employee') === 'done' &&
          stateOf(status, 'schedule-hr-interview') === 'needs-attention',
      );
      assert.match(stepOf(stuck, 'schedule-hr-interview')!.error!, /the calendar of Acme HR/);
      assert.doesNotMatch(JSON.stringify(stuck), new RegExp(account.password));
      assert.deepEqual(world.mail.invitationsTo(nora.email), []);
      proxy.fault(undefined);
      await untilStep(world, nora, 'schedule-hr-interview', 'done');
      assert.equal(world.mail.invitationsTo(nora.email).length, 1);
      assert.ok(await startOf(nora));
    });

    it('is scheduled for one of two exits that want the last slot; the other takes a given time', async () => {
      // One free slot is left in all the working days that the policy allows.
      const lastWorkingDay = new Date(Date.now() + 60 * DAY_MS).toISOString().slice(0, 10);
      const free = await probe(lastWorkingDay);
      await addEvent(account, 'before', ['DTSTART:20200101T000000Z', `DTEND:${compact(free)}`]);
      await addEvent(account, 'after', [
        `DTSTART:${compact(new Date(free.getTime() + 45 * 60 * 1000))}`,
        'DTEND:20990101T000000Z',
      ]);
      const two = await Promise.all([open(lastWorkingDay), open(lastWorkingDay)]);
      const isDecided = (status: ExitStatus) =>
        stateOf(status, 'schedule-hr-interview') === 'done' ||
        / are taken in /.test(stepOf(status, 'schedule-hr-interview')?.error ?? '');
      const statuses = await Promise.all(two.map((nora) => world.until(nora, 'slot or no slot', isDecided)));
      const states = statuses.map((status) => stateOf(status, 'schedule-hr-interview') ?? '');
      assert.deepEqual(new Set(states), new Set(['done', 'needs-attention']));
      const late = states.indexOf('needs-attention');
      assert.match(
        stepOf(statuses[late]!, 'schedule-hr-interview')!.error!,
        /all \d+ slots from .* are taken in the calendar of Acme HR/,
      );
      const at = new Date(Date.now() + 3 * DAY_MS).toISOString();
      await world.exits.reschedule(two[late]!.employeeId, { at, by: HR });
      assert.equal(Date.parse((await startOf(two[late]!))!), Math.floor(Date.parse(at) / 1000) * 1000);
    });

    /** When an exit that began now would have its interview; it is withdrawn again. */
    async function probe(lastWorkingDay: string): Promise<Date> {
      const nora = await open(lastWorkingDay);
      const { start } = await scheduled(nora);
      await ended(world, nora, 'retained');
      return new Date(start);
    }
  },
);

/** "20261124T090000Z" (RFC 5545 §3.3.5) */
const compact = (date: Date): string => date.toISOString().replaceAll(/[-:]|\.\d+/g, '');
