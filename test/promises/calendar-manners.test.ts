/** What calendars of other makes do, in front of the calendar of the embedded default. test/services has every custom. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { startCalendarServer } from '../../src/local/calendar-process.js';
import { eventually } from '../support/eventually.js';
import {
  startFaultProxy,
  type FaultProxy,
  type ProxiedAnswer,
  type ProxiedRequest,
} from '../support/fault-proxy.js';
import { addEvent, interviewsIn, type Account } from '../support/radicale.js';
import { scratchFolder } from '../support/temporal.js';
import { HR, IT, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, untilStep } from './on-the-way.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const STEP = 'schedule-hr-interview';

inBothForms('the calendar of HR', { systems: ['payroll'] }, (company) => {
  let world: Company;
  let server: Account & { stop: () => Promise<void> };
  let proxy: FaultProxy;
  /** HR is away until then. */
  const back = new Date(Date.now() + 4 * DAY_MS).toISOString().replace(/\.\d+/, '');
  before(async () => {
    world = company();
    const folder = await scratchFolder();
    const files = { dataFile: path.join(folder, 'calendar.json'), logFile: path.join(folder, 'log') };
    server = await startCalendarServer({ ...files, user: 'hr', password: 'secret', port: 0 });
    proxy = await startFaultProxy(server.url);
    const compact = back.replaceAll(/[-:]/g, '');
    await addEvent(server, 'away', ['DTSTART:20260101T000000Z', `DTEND:${compact}`]);
    await world.restart(({ contacts }) => {
      contacts.hrPartners[0].calendar = { ...server, url: proxy.url };
    });
  });
  afterEach(() => proxy.quirk(undefined));
  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  const answering = (change: (answer: ProxiedAnswer, request: ProxiedRequest) => ProxiedAnswer): void =>
    proxy.quirk((forward) => async (request) => change(await forward(request), request));
  const refusing = (status: number, ...reports: string[]): void =>
    answering((answer, { body }) =>
      reports.some((report) => body.includes(report)) ? { status, headers: {}, body: '' } : answer,
    );
  const resigned = () => opened(world, { on: ['payroll'] });
  const interviewOf = async (nora: Hired) =>
    (await world.until(nora, 'the interview', ({ interview }) => interview !== undefined)).interview!;

  it('that refuses the free-busy report is asked for its events instead', async () => {
    for (const status of [400, 403, 406, 500, 501]) {
      refusing(status, 'free-busy-query');
      const nora = await resigned();
      const { start } = await interviewOf(nora);
      assert.ok(start >= back, `${start} is while HR is away, at ${status}`);
      const { needsAttention } = await untilStep(world, nora, STEP, 'done');
      assert.equal(needsAttention, false);
      await ended(world, nora, 'retained');
    }
  });

  it('that refuses both reports cannot be asked: the step says so, and a given time is taken', async () => {
    refusing(403, 'free-busy-query', 'calendar-query');
    const nora = await resigned();
    const stuck = await untilStep(world, nora, STEP);
    assert.match(stepOf(stuck, STEP)!.error!, /the calendar of Acme HR cannot be asked for its events/);
    assert.deepEqual(world.mail.invitationsTo(nora.email), []);
    const at = new Date(Date.now() + 2 * DAY_MS).toISOString().replace(/\.\d+/, '');
    const { start } = await world.exits.reschedule(nora.employeeId, { at, by: HR });
    assert.equal(start, at);
    await ended(world, nora, 'retained');
  });

  it('that has a broken object is used all the same, and the operator hears of that object once', async () => {
    const broken = (name: string, lines: string) =>
      `<response xmlns="DAV:"><href>/hr/${name}.ics</href><propstat><prop><calendar-data xmlns="urn:ietf:params:xml:ns:caldav">` +
      `BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:${name}\r\n${lines}END:VEVENT\r\nEND:VCALENDAR\r\n` +
      '</calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat></response>';
    const day = back.slice(0, 10).replaceAll('-', '');
    const items = [
      broken('lunch', 'SUMMARY:no start\r\n'),
      broken('room', `DTSTART:${day}T000000Z\r\nDURATION:P3D\r\nLOCATION:Room 5\\,\r\nsecond floor\r\n`),
    ];
    answering((answer, { method }) =>
      method === 'REPORT'
        ? { ...answer, body: answer.body.replace(/<\/(\w+:)?multistatus>/, `${items.join('')}$&`) }
        : answer,
    );
    // An attempt that fails after it has booked the time is repeated.
    world.mail.refuse(() => ({ code: 450, message: 'try again later' }));
    const nora = await resigned();
    await world.until(nora, 'a failed attempt', (status) => /450/.test(stepOf(status, STEP)?.error ?? ''));
    world.mail.refuse(undefined);
    const { start } = await interviewOf(nora);
    const after = Date.parse(`${back.slice(0, 10)}T00:00:00Z`) + 3 * DAY_MS;
    assert.ok(Date.parse(start) >= after, `${start}: the readable time of a broken object is busy`);
    const done = await untilStep(world, nora, STEP, 'done');
    assert.match(stepOf(done, STEP)!.note!, /lunch\.ics: it has no DTSTART/);
    const told = () =>
      world.mail.to(IT).filter(({ text }) => text!.includes(nora.employeeId) && text!.includes('lunch.ics'));
    const mail = await eventually('the operator to be told', () => told()[0]);
    assert.match(mail.subject!, /^A calendar to mend/);
    assert.doesNotMatch(mail.text!, /ems resolve/);
    assert.equal(done.needsAttention, false);
    await world.exits.reschedule(nora.employeeId, { next: true });
    await ended(world, nora, 'retained');
    assert.equal(new Set(told().map(({ messageId }) => messageId)).size, 1);
  });

  it('that shows every entry as confirmed has two exits at once at two times', async () => {
    answering((answer) => ({ ...answer, body: answer.body.replaceAll(/STATUS:\w+/g, 'STATUS:CONFIRMED') }));
    const two = await Promise.all([resigned(), resigned()]);
    const [a, b] = await Promise.all(two.map(interviewOf));
    assert.ok(a!.end <= b!.start || b!.end <= a!.start, JSON.stringify([a, b]));
    await Promise.all(two.map((nora) => ended(world, nora, 'retained')));
  });

  it('@long has 25 exits that begin at once at 25 times', async () => {
    const all = await Promise.all(Array.from({ length: 25 }, resigned));
    const starts = (await Promise.all(all.map(interviewOf))).map(({ start }) => Date.parse(start));
    assert.equal(new Set(starts).size, 25);
    const entries = Object.values(await interviewsIn(server)).map((start) => Date.parse(start));
    assert.deepEqual(new Set(entries), new Set(starts));
  });
});
