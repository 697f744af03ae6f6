/** Entries that a server hides in full or in part, since they are private: their time is busy, or the interview says what cannot be told. */
import assert from 'node:assert/strict';
import { between, calendarOfHr } from '../support/calendar.js';
import { answering, hiding, refusing, together } from '../support/calendar-quirks.js';
import { outage } from '../support/failures.js';
import type { Quirk } from '../support/fault-proxy.js';
import { memory } from '../support/interview.js';

const FIRST = '2026-11-24T10:30:00Z';
const NEXT = '2026-11-24T11:30:00Z';
const PRIVATE = [...between('1030', '1115'), 'CLASS:PRIVATE'];
/** The server shows a recurring event, and so proves nothing of what it hides. */
const STANDUP = ['DTSTART:20260601T050000Z', 'DURATION:PT15M', 'RRULE:FREQ=DAILY'];

/** What the server shows of the object without some properties. */
const without = (...names: string[]): Quirk =>
  answering((answer, { body }) =>
    body.includes('calendar-query')
      ? {
          ...answer,
          body: answer.body.replaceAll(/BEGIN:VEVENT(?:(?!END:VEVENT)[^])*CLASS:[^]*?END:VEVENT/g, (event) =>
            event.replaceAll(new RegExp(`^(${names.join('|')})[:;].*\\r?\\n`, 'gm'), ''),
          ),
        }
      : answer,
  );
const forbidden = answering((answer, { body }) =>
  body.includes('calendar-query')
    ? {
        ...answer,
        body: answer.body.replaceAll(/<response>[^]*?<\/response>/g, (item) =>
          item.includes('secret.ics')
            ? '<response><href>/hr/secret.ics</href><status>HTTP/1.1 403 Forbidden</status></response>'
            : item,
        ),
      }
    : answer,
);
const noReport = refusing(403, 'free-busy-query');

describe('@long a calendar with a private entry that', () => {
  const calendar = calendarOfHr();
  const { schedule } = calendar;
  beforeEach(async () => {
    await calendar.add('standup', STANDUP);
    await calendar.add('secret', PRIVATE);
  });

  it('is shown as busy alone, without summary and UID, has that time taken', async () => {
    calendar.proxy.quirk(together(without('UID', 'SUMMARY', 'DTSTAMP'), noReport));
    assert.equal((await schedule()).start, NEXT);
  });

  it('is shown without its UID, as our entry is, has that time taken', async () => {
    await calendar.add('other', [...between('1130', '1215'), 'CLASS:CONFIDENTIAL']);
    const interview = await schedule({ at: '2026-11-24T10:30:00Z' });
    calendar.proxy.quirk(
      together(
        answering((answer) => ({ ...answer, body: answer.body.replaceAll(/^UID:.*\r?\n/gm, '') })),
        noReport,
      ),
    );
    assert.equal((await calendar.reschedule(interview)).start, '2026-11-24T12:30:00Z');
  });

  it('is shown without its end has the time of the free-busy report taken', async () => {
    calendar.proxy.quirk(without('DTEND'));
    assert.equal((await schedule()).start, NEXT);
  });

  it('is shown without its end, where free-busy is refused, has the following day taken, and the operator hears', async () => {
    calendar.proxy.quirk(together(without('DTEND', 'SUMMARY'), noReport));
    const { start, faults } = await schedule();
    assert.ok(start >= '2026-11-25T10:30:00Z', start);
    assert.match(faults!.join(), /secret\.ics: it is shown in part, without its end .*counts as busy/);
  });

  it('is shown without its end, its class and its UID, is not taken for one without length', async () => {
    calendar.proxy.quirk(together(without('DTEND', 'CLASS', 'UID'), noReport));
    assert.ok((await schedule()).start >= '2026-11-25T10:30:00Z');
  });

  it('is shown without any event has the time of the free-busy report taken, and the operator hears', async () => {
    calendar.proxy.quirk(
      answering((answer, { body }) => ({
        ...answer,
        body: body.includes('calendar-query')
          ? answer.body.replaceAll(/BEGIN:VEVENT(?:(?!END:VEVENT)[^])*CLASS:[^]*?END:VEVENT\r?\n/g, '')
          : answer.body,
      })),
    );
    const { start, faults } = await schedule();
    assert.equal(start, NEXT);
    assert.match(faults!.join(), /secret\.ics: it shows no event \(the free-busy report tells when\)/);
  });

  it('is listed nowhere has its time taken also beside a whole day off on the day before', async () => {
    await calendar.add('off', ['DTSTART;VALUE=DATE:20261123', 'DTEND;VALUE=DATE:20261124']);
    calendar.proxy.quirk(hiding('secret'));
    assert.equal((await schedule()).start, NEXT);
  });

  it('is listed without its data, and refused at its address, is named with that refusal', async () => {
    const bare = answering((answer, { body }) => ({
      ...answer,
      body: body.includes('calendar-query')
        ? answer.body.replaceAll(/<C:calendar-data>[^]*?<\/C:calendar-data>/g, '')
        : answer.body.replaceAll(/<propstat>[^]*?<\/propstat>/g, '<status>HTTP/1.1 403 Forbidden</status>'),
    }));
    calendar.proxy.quirk(
      (forward) => async (request) =>
        /calendar-(query|multiget)/.test(request.body) ? bare(forward)(request) : forward(request),
    );
    const { faults } = await schedule();
    assert.match(faults!.join(), /secret\.ics: answered 403 without its data/);
  });

  it('is refused has the time of the free-busy report taken, and the operator hears', async () => {
    calendar.proxy.quirk(forbidden);
    const { start, faults } = await schedule();
    assert.equal(start, NEXT);
    assert.match(faults!.join(), /secret\.ics: answered 403 without its data/);
  });

  it('is refused, as is free-busy, is planned all the same, and the operator hears', async () => {
    calendar.proxy.quirk(together(forbidden, noReport));
    const { start, faults } = await schedule();
    assert.equal(start, FIRST);
    assert.match(faults!.join(), /secret\.ics: answered 403 without its data .*it does not count/);
  });

  it('is listed nowhere has the time of the free-busy report taken', async () => {
    calendar.proxy.quirk(hiding('secret'));
    const { start, faults, remarks } = await schedule();
    assert.deepEqual([start, faults, remarks], [NEXT, undefined, undefined]);
  });

  it('may be listed nowhere is still said after an attempt that failed at the mail', async () => {
    calendar.proxy.quirk(together(hiding('secret'), noReport));
    const done = memory();
    calendar.mail.refuseWith(450);
    await outage(schedule({ done }));
    calendar.mail.refuse(undefined);
    assert.match((await schedule({ done })).remarks!.join(), /cannot be told whether it hides entries/);
  });

  const page = (status: number): Quirk =>
    answering((answer, { body }) =>
      body.includes('free-busy-query')
        ? { status, headers: { 'content-type': 'text/html' }, body: '<html>sign in</html>' }
        : answer,
    );
  const untold: Record<string, Quirk> = {
    'refuses free-busy': noReport,
    'does not know free-busy': refusing(501, 'free-busy-query'),
    'answers 404 to free-busy': refusing(404, 'free-busy-query'),
    'answers a page to free-busy': page(200),
    'fails at free-busy': page(503),
    'answers free-busy without the events that it lists': answering((answer, { body }) =>
      body.includes('free-busy-query')
        ? { ...answer, body: answer.body.replaceAll(/^FREEBUSY.*\r?\n/gm, '') }
        : answer,
    ),
  };
  for (const [what, quirk] of Object.entries(untold))
    it(`may be listed nowhere, and ${what}, has the interview planned by its events, and says what cannot be told`, async () => {
      await calendar.add('meeting', between('1000', '1045'));
      calendar.proxy.quirk(together(hiding('secret'), quirk));
      const { start, remarks } = await schedule();
      assert.equal(start, '2026-11-24T11:00:00Z');
      assert.match(
        remarks!.join(),
        /the calendar of Acme HR .*free-busy.* cannot be told whether it hides entries at that time/,
      );
    });
});
