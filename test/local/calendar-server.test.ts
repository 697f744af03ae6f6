/** The calendar of the embedded default, as the HR service uses it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { startCalendarServer } from '../../src/local/calendar-process.js';
import { between, UID } from '../support/calendar.js';
import { hrAt, partnerWith } from '../support/interview.js';
import { addEvent, ask, eventsIn, interviewsIn, type Account } from '../support/radicale.js';
import { mailServer } from '../support/smtp.js';
import { scratchFolder } from '../support/temporal.js';
import { freePort } from '../../src/local/ports.js';

describe('the calendar of the local stack', () => {
  const mail = mailServer();
  let server: Awaited<ReturnType<typeof startCalendarServer>>;
  let start: () => Promise<void>;
  const { schedule, reschedule, withdraw } = hrAt(mail, () => [partnerWith(server)]);
  before(async () => {
    const folder = await scratchFolder();
    const port = await freePort();
    const files = { dataFile: path.join(folder, 'calendar.json'), logFile: path.join(folder, 'log') };
    start = async () =>
      void (server = await startCalendarServer({ ...files, user: 'hr', password: 'secret', port }));
    await start();
  });
  after(() => server.stop());

  it('has the interview where it is free, keeps it over a restart, and loses it with the withdrawal', async () => {
    await addEvent(server, 'meeting', between('1030', '1115'));
    const interview = await schedule();
    assert.deepEqual(await interviewsIn(server), { [UID]: '2026-11-24T11:30:00.000Z' });
    await server.stop();
    await start();
    const moved = await reschedule(interview);
    assert.deepEqual(await interviewsIn(server), { [UID]: new Date(moved.start).toISOString() });
    await withdraw(moved);
    assert.deepEqual(
      (await eventsIn(server)).map((event) => event.getFirstPropertyValue('uid')),
      ['meeting'],
    );
  });

  it('answers free-busy, so that no interview says that entries may be hidden', async () => {
    await addEvent(server, 'private', [...between('1030', '1115'), 'CLASS:PRIVATE']);
    const { start, remarks } = await schedule({ exitId: 'exit-2' });
    assert.deepEqual([start, remarks], ['2026-11-24T11:30:00Z', undefined]);
    const response = await fetch(server.url, { method: 'REPORT', body: '<free-busy-query/>' });
    assert.equal(response.status, 401);
    await ask(server, 'DELETE', '/private.ics');
  });

  it('lists no more than the events of the days that are asked for', async () => {
    await addEvent(server, 'last-year', ['DTSTART:20251124T103000Z', 'DURATION:PT1H']);
    const day = '<C:time-range start="20261124T000000Z" end="20261125T000000Z"/>';
    const filter = `<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">${day}</C:comp-filter></C:comp-filter>`;
    const response = await fetch(server.url, {
      method: 'REPORT',
      headers: { authorization: `Basic ${btoa('hr:secret')}`, 'content-type': 'application/xml', depth: '1' },
      body: `<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:D="DAV:"><D:prop><C:calendar-data/></D:prop><C:filter>${filter}</C:filter></C:calendar-query>`,
    });
    const text = await response.text();
    assert.equal(response.status, 207);
    assert.match(text, /UID:meeting/);
    assert.doesNotMatch(text, /last-year/);
  });

  it('refuses a write on an old version, and another password', async () => {
    const put = (version: string) =>
      fetch(`${server.url}/meeting.ics`, {
        method: 'PUT',
        headers: {
          authorization: `Basic ${btoa('hr:secret')}`,
          'content-type': 'text/calendar',
          'if-match': version,
        },
        body: 'BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n',
      });
    assert.equal((await put('"old"')).status, 412);
    const stranger: Account = { ...server, password: 'guessed' };
    await assert.rejects(ask(stranger, 'GET', '/meeting.ics'), /401/);
  });
});
