/** Calendars of other makes: what they change, keep back, refuse and show late. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { between, calendarOfHr, PATH, UID } from '../support/calendar.js';
import { finalFailure } from '../support/failures.js';
import { answering, asking, refusing } from '../support/calendar-quirks.js';
import type { ProxiedAnswer, Quirk } from '../support/fault-proxy.js';
import { HR, memory, partnerWith, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { interviewsIn } from '../support/radicale.js';

const FIRST = '2026-11-24T10:30:00Z';
const NEXT = '2026-11-24T11:30:00Z';
const TAKEN = between('1030', '1115');

/** Adds an item to the answer of a search. */
const listing = (item: string): Quirk =>
  answering((answer, { method }) =>
    method === 'REPORT'
      ? { ...answer, body: answer.body.replace('</multistatus>', `${item}</multistatus>`) }
      : answer,
  );
const inAnswers = (from: RegExp, to: string): Quirk =>
  answering((answer) => ({ ...answer, body: answer.body.replace(from, to) }));

describe('@long a calendar that', () => {
  const calendar = calendarOfHr();
  const { mail, schedule } = calendar;
  const writes = () => calendar.proxy.seen.filter(({ method }) => method === 'PUT').length;
  const quirk = (one: Quirk) => calendar.proxy.quirk(one);
  const addTaken = () => calendar.add('meeting', TAKEN);

  const customs: Record<string, Quirk> = {
    'keeps SEQUENCE:0': asking((request) => ({
      ...request,
      body: request.body.replace(/^SEQUENCE:\d+/m, 'SEQUENCE:0'),
    })),
    'keeps no SEQUENCE and no STATUS': asking((request) => ({
      ...request,
      body: request.body.replaceAll(/^(SEQUENCE|STATUS):.*\r\n/gm, ''),
    })),
    'writes times in a time zone': asking((request) => ({
      ...request,
      body: request.body.replaceAll(
        /^(DTSTART|DTEND):(\d{8}T)1(\d{5})Z/gm,
        '$1;TZID=GMT Standard Time:$21$3',
      ),
    })),
    'has weak versions, which match none': (forward) => async (request) => {
      const { 'if-match': version, ...headers } = request.headers;
      if (version?.startsWith('W/')) return { status: 412, headers: {}, body: '' };
      const answer = await forward({ ...request, headers });
      const { etag } = answer.headers;
      return { ...answer, headers: { ...answer.headers, ...(etag && { etag: `W/${etag}` }) } };
    },
    'has no versions': answering((answer) => {
      const { etag: _, ...headers } = answer.headers;
      return { ...answer, headers };
    }),
    'refuses If-None-Match': (forward) => (request) =>
      request.headers['if-none-match']
        ? Promise.resolve({ status: 412, headers: {}, body: '' })
        : forward(request),
  };
  /** What is answered 412 has no effect: it is sent once more without its condition. */
  const refused: Record<string, { create?: 1; change?: 1 }> = {
    'has weak versions, which match none': { change: 1 },
    'refuses If-None-Match': { create: 1 },
  };
  for (const [what, custom] of Object.entries(customs))
    it(`${what} costs one effective write for each change, and the entry is where people are told`, async () => {
      quirk(custom);
      const { create = 0, change = 0 } = refused[what] ?? {};
      const interview = await schedule();
      assert.equal(interview.start, FIRST);
      assert.equal(writes(), 1 + create);
      const moved = await calendar.reschedule(interview);
      assert.equal(writes(), 2 + create + change);
      assert.deepEqual(await calendar.interviews(), { [UID]: new Date(moved.start).toISOString() });
      assert.ok(moved.sequence > interview.sequence);
      const again = await calendar.reschedule(moved);
      assert.equal(writes(), 3 + create + 2 * change);
      assert.ok(again.start > moved.start && again.sequence > moved.sequence);
      for (const recipient of [DANA, HR]) {
        const { event } = readInvitation(mail.to(recipient).at(-1)!);
        assert.equal(event.startDate.toJSDate().getTime(), Date.parse(again.start));
      }
      assert.equal((await calendar.withdraw(again)).withdrawn, true);
      assert.deepEqual(await calendar.events(), []);
    });

  it('keeps SEQUENCE:0 still shows that HR moved the entry by hand', async () => {
    quirk(customs['keeps SEQUENCE:0']!);
    const moved = await calendar.reschedule(await schedule());
    await calendar.edit((content) => content.replaceAll('20261124T', '20261126T'));
    const told = await calendar.reschedule(moved);
    assert.equal(told.start, moved.start.replace('-24T', '-26T'));
  });

  it('shows a write 1.5 seconds late is waited for', async () => {
    let shown: ProxiedAnswer | undefined;
    let writtenAt = 0;
    quirk((forward) => async (request) => {
      if (request.path.endsWith(PATH) && request.method === 'PUT') writtenAt = Date.now();
      const answer = await forward(request);
      if (request.method !== 'GET') return answer;
      if (shown && Date.now() < writtenAt + 1_500) return shown;
      return (shown = answer);
    });
    const interview = await schedule();
    const moved = await calendar.reschedule(interview);
    assert.equal(writes(), 2);
    assert.deepEqual(await calendar.interviews(), { [UID]: new Date(moved.start).toISOString() });
  });

  it('lists what was removed for a while is asked again until it does not', async () => {
    const interview = await schedule();
    let late = 0;
    let listed: ProxiedAnswer | undefined;
    quirk((forward) => async (request) => {
      if (request.method === 'DELETE') {
        late = 2;
        const search = calendar.proxy.seen.findLast(({ body }) => body.includes('prop-filter'));
        listed = await forward({
          ...request,
          method: 'REPORT',
          path: request.path.replace(PATH, '/'),
          body: search!.body,
        });
      }
      if (!request.body.includes('prop-filter') || !listed || late === 0) return forward(request);
      late -= 1;
      return listed;
    });
    assert.equal((await calendar.withdraw(interview)).withdrawn, true);
    assert.equal(late, 0);
    assert.equal(calendar.proxy.seen.filter(({ method }) => method === 'DELETE').length, 1);
  });

  it('takes a write and never shows it is an outage that says so, after one write', async () => {
    quirk(
      (forward) => (request) =>
        request.method === 'PUT' ? Promise.resolve({ status: 204, headers: {}, body: '' }) : forward(request),
    );
    await assert.rejects(
      schedule(),
      /took the entry for 2026-11-24T10:30:00Z to 2026-11-24T11:15:00Z and does not show it/,
    );
    assert.equal(writes(), 1);
    assert.equal(mail.mails.length, 0);
  });

  it('keeps another time than the written one is asked about, after one write and without a mail', async () => {
    quirk(asking((request) => ({ ...request, body: request.body.replaceAll('20261124T10', '20261124T03') })));
    const message = await finalFailure(FailureType.CannotTell, schedule());
    assert.match(
      message,
      /took the entry for 2026-11-24T10:30:00Z to .* and shows another one, at 2026-11-24T03:30:00Z to/,
    );
    assert.equal(writes(), 1);
    assert.equal(mail.mails.length, 0);
  });

  for (const status of [400, 403, 406, 500, 501]) {
    it(`answers ${status} to a search is asked for free-busy, and to free-busy for its events`, async () => {
      await addTaken();
      for (const report of ['calendar-query', 'free-busy-query']) {
        quirk(refusing(status, report));
        assert.equal(
          (await schedule({ exitId: `exit-${report.length}` })).start,
          report === 'calendar-query' ? NEXT : '2026-11-24T12:30:00Z',
        );
      }
    });

    it(`answers ${status} to both cannot be asked: the failure says so, and a given time is taken all the same`, async () => {
      quirk(refusing(status, 'calendar-query', 'free-busy-query'));
      await assert.rejects(schedule(), ({ name, message }: Error) => {
        assert.match(message, /Acme HR cannot be asked for its events: .*calendar-query.*free-busy-query/);
        return (name === 'FinalFailure') === (status !== 500);
      });
      assert.equal((await schedule({ at: '2026-11-26T10:00:00Z' })).start, '2026-11-26T10:00:00Z');
    });
  }

  for (const [what, lines] of [
    ['a part of the time', 'DTSTART:20261101T000000Z\r\nDTEND:20261102T000000Z\r\n'],
    ['a status of failure', 'REQUEST-STATUS:3.8;No authority\r\n'],
  ] as const)
    it(`answers to free-busy with ${what} alone cannot be asked, where it refuses its events`, async () => {
      const body = `BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\n${lines}END:VFREEBUSY\r\nEND:VCALENDAR\r\n`;
      const answer = answering((real, request) =>
        request.body.includes('free-busy-query')
          ? { status: 200, headers: { 'content-type': 'text/calendar' }, body }
          : real,
      );
      quirk((forward) => refusing(403, 'calendar-query')(answer(forward)));
      assert.match(await finalFailure(FailureType.Refused, schedule()), /cannot be asked for its events/);
    });

  it('answers for each calendar in it that free-busy is refused cannot be asked either', async () => {
    const refused = '<response><href>/hr/two/</href><status>HTTP/1.1 403 Forbidden</status></response>';
    const told = (periods: string) =>
      '<response><href>/hr/one/</href><propstat><prop><C:calendar-data xmlns:C="urn:ietf:params:xml:ns:caldav">' +
      `BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\n${periods}END:VFREEBUSY\r\nEND:VCALENDAR\r\n` +
      '</C:calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat></response>';
    const answers = (...items: string[]): Quirk => {
      const body = `<multistatus xmlns="DAV:">${items.join('')}</multistatus>`;
      const answer = answering((real, request) =>
        request.body.includes('free-busy-query') ? { status: 207, headers: {}, body } : real,
      );
      return (forward) => refusing(403, 'calendar-query')(answer(forward));
    };
    quirk(answers(told('FREEBUSY:20261124T103000Z/PT1H\r\n'), told('')));
    assert.equal((await schedule()).start, NEXT);
    quirk(answers());
    await assert.rejects(
      schedule({ exitId: 'exit-3' }),
      /answered "free-busy-query" with an empty multistatus/,
    );
    quirk(answers(told(''), refused));
    const message = await finalFailure(FailureType.Refused, schedule({ exitId: 'exit-2' }));
    assert.match(message, /answered 403 to "free-busy-query" at .*\/hr\/two\//);
  });

  it('accepts a write that it carries out later is read until it shows it', async () => {
    quirk(
      answering((answer, { method }) =>
        method === 'PUT' && answer.status < 300 ? { ...answer, status: 202 } : answer,
      ),
    );
    assert.equal((await schedule()).start, FIRST);
    assert.equal(writes(), 1);
  });

  it('cannot be asked is passed over for the next HR partner, and the interview says why', async () => {
    const berts = await calendar.another('hr-two');
    const bert = partnerWith(berts, { name: 'Bert', email: 'bert@acme.example' });
    for (const reports of [['calendar-query', 'free-busy-query'], ['']]) {
      quirk(refusing(403, ...reports));
      const interview = await schedule({
        partners: [partnerWith(calendar.proxied()), bert],
        exitId: `exit-${reports.length}`,
      });
      assert.equal(interview.hrPartner?.name, 'Bert');
      assert.match(interview.faults!.join(), /the calendar of Acme HR/);
      assert.ok((await interviewsIn(berts))[interview.uid]);
    }
  });

  it('answers a search with anything but a multistatus is not taken for an empty one', async () => {
    await addTaken();
    for (const answer of [
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>sign in</html>' },
      { status: 207, headers: { 'content-type': 'text/plain' }, body: 'no XML' },
    ]) {
      quirk(answering((real, { body }) => (body.includes('calendar-query') ? answer : real)));
      assert.equal((await schedule({ exitId: `exit-${answer.status}` })).start > FIRST, true);
    }
  });

  it('lists an object that cannot be read still has its other events, and the interview names the object', async () => {
    await addTaken();
    const item = (href: string, rest: string) => `<response><href>/hr/c/${href}</href>${rest}</response>`;
    const forbidden = '<propstat><prop/><status>HTTP/1.1 403 Forbidden</status></propstat>';
    const data = (text: string) =>
      `<propstat><prop><C:calendar-data>BEGIN:VCALENDAR\r\n${text}\r\nEND:VCALENDAR\r\n</C:calendar-data></prop><status>HTTP/1.1 200 OK</status></propstat>`;
    const broken: [href: string, rest: string, left: RegExp | undefined][] = [
      ['secret.ics', forbidden, /secret\.ics: answered \d+ without its data/],
      ['gone.ics', '<status>HTTP/1.1 404 Not Found</status>', undefined],
      ['draft.ics', data('BEGIN:VEVENT\r\nUID:draft\r\nEND:VEVENT'), /draft\.ics: it has no DTSTART/],
      [
        'html.ics',
        data('</C:calendar-data><C:calendar-data>').replace(/BEGIN[^]*END:VCALENDAR/, 'sorry'),
        /html\.ics: it is no iCalendar object/,
      ],
    ];
    for (const [href, rest, left] of broken) {
      quirk(listing(item(href, rest)));
      const { start, faults } = await schedule({ exitId: `exit-${href}` });
      assert.ok(start > FIRST);
      if (left) assert.match(faults!.join(), left);
      else assert.equal(faults, undefined);
    }
  });

  it('holds a text that continues without a leading space counts that event as busy', async () => {
    await calendar.add('meeting', [...TAKEN, 'LOCATION:Room 5']);
    quirk(inAnswers(/LOCATION:Room 5/, 'LOCATION:Room 5\\,\r\nsecond floor'));
    const { start, faults } = await schedule();
    assert.deepEqual([start, faults], [NEXT, undefined]);
  });

  it('lists a part of a long search is asked for shorter ones', async () => {
    await addTaken();
    const daysOf = (body: string): number => {
      const [start, end] = [...body.matchAll(/(?:start|end)="(\d{4})(\d\d)(\d\d)T/g)].map(([, y, m, d]) =>
        Date.parse(`${y}-${m}-${d}`),
      );
      return (end! - start!) / 86_400_000;
    };
    quirk(
      answering((answer, { body, path }) => {
        if (!body.includes('calendar-query') || daysOf(body) <= 6) return answer;
        const cut = `<response><href>${path}</href><status>HTTP/1.1 507 Insufficient Storage</status></response>`;
        return { ...answer, body: answer.body.replace(/<response>[^]*<\/response>/, cut) };
      }),
    );
    assert.equal((await schedule()).start, NEXT);
  });

  it('asks for patience with Retry-After is not asked again before', async () => {
    quirk(
      answering((_answer, { method }) =>
        method === 'REPORT' ? { status: 503, headers: { 'retry-after': '120' }, body: '' } : _answer,
      ),
    );
    await assert.rejects(schedule(), (error: Error & { afterMs?: number }) => error.afterMs === 120_000);
    assert.equal(calendar.proxy.seen.filter(({ method }) => method === 'REPORT').length, 1);
  });

  it('says of its data alone that they are not given here is asked for each object', async () => {
    await addTaken();
    const apart =
      '</prop><status>HTTP/1.1 200 OK</status></propstat><propstat><prop><C:calendar-data/></prop><status>HTTP/1.1 404 Not Found</status></propstat>';
    quirk(
      answering((answer, { body }) =>
        body.includes('calendar-query')
          ? {
              ...answer,
              body: answer.body.replaceAll(
                /<C:calendar-data>[^]*?<\/C:calendar-data>[^]*?<\/propstat>/g,
                apart,
              ),
            }
          : answer,
      ),
    );
    const { start, faults } = await schedule();
    assert.deepEqual([start, faults], [NEXT, undefined]);
  });

  const lists: Record<string, Quirk> = {
    'lists no event at all': answering((answer, { body }) =>
      body.includes('calendar-query')
        ? { ...answer, body: answer.body.replaceAll(/<response>[^]*<\/response>/g, '') }
        : answer,
    ),
    'lists only the events that begin first in that time': answering((answer, { body }) =>
      body.includes('calendar-query')
        ? {
            ...answer,
            body: answer.body.replaceAll(/<response>(?:(?!<\/response>)[^])*RRULE[^]*?<\/response>/g, ''),
          }
        : answer,
    ),
  };
  for (const [what, custom] of Object.entries(lists)) {
    it(`${what} is asked for free-busy as well`, async () => {
      await calendar.add('weekly', ['DTSTART:20260602T103000Z', 'DURATION:PT1H', 'RRULE:FREQ=DAILY']);
      quirk(custom);
      const { start, faults } = await schedule();
      assert.deepEqual([start, faults], [NEXT, undefined]);
    });
  }

  it('does not list the entry that it took, and refuses free-busy: the interview says what cannot be told', async () => {
    const none = lists['lists no event at all']!;
    quirk((forward) => refusing(403, 'free-busy-query')(none(forward)));
    const { start, remarks } = await schedule();
    assert.equal(start, FIRST);
    assert.match(remarks!.join(), /does not list the entry that it took: .* cannot be told/);
  });

  for (const [status, body] of [
    [403, ''],
    [400, ''],
    [405, ''],
    [500, ''],
    [200, ''],
  ] as const)
    it(`answers ${status} to a GET of what does not exist is searched for the entry`, async () => {
      quirk((forward) => async (request) => {
        const answer = await forward(request);
        return request.method === 'GET' && answer.status === 404 ? { status, headers: {}, body } : answer;
      });
      const interview = await schedule();
      assert.equal(interview.start, FIRST);
      const moved = await calendar.reschedule(interview);
      assert.equal((await calendar.withdraw(moved)).withdrawn, true);
      assert.deepEqual(await calendar.events(), []);
    });

  it('keeps each write an hour later shifts the entry once, however often the step is retried', async () => {
    quirk(
      asking((request) => ({
        ...request,
        body: request.body.replaceAll(
          /^(DT(?:START|END):\d{8}T)(\d\d)/gm,
          (_, before: string, hour: string) => before + String(Number(hour) + 1).padStart(2, '0'),
        ),
      })),
    );
    const done = memory();
    for (let i = 0; i < 3; i++) {
      assert.match(await finalFailure(FailureType.CannotTell, schedule({ done })), /at 2026-11-24T11:30:00Z/);
      assert.equal(writes(), 1);
    }
    assert.equal(mail.mails.length, 0);
    await calendar.edit((content) => content.replaceAll('20261124T', '20261125T'));
    assert.equal((await schedule({ done })).start, '2026-11-25T11:30:00Z');
    assert.equal(writes(), 1);
  });

  it('has the interview on a whole day is asked at which time', async () => {
    const interview = await schedule();
    await calendar.edit((content) =>
      content
        .replaceAll(/^(DTSTART|DTEND):(\d{8})T\d{6}Z/gm, '$1;VALUE=DATE:$2')
        .replace(/^DTEND.*\r\n/m, ''),
    );
    const message = await finalFailure(FailureType.CannotTell, calendar.reschedule(interview));
    assert.match(message, /it is on a whole day, without a time/);
  });

  describe('has the interview in a time zone that the HR partner’s program names:', () => {
    const inZone = (zone: string) => (content: string) =>
      content.replaceAll(/^(DTSTART|DTEND):20261124T(\d{6})Z/gm, `$1;TZID=${zone}:20261125T$2`);

    it('a Windows name is told anew at that time', async () => {
      const interview = await schedule();
      await calendar.edit(inZone('GMT Standard Time'));
      assert.equal((await calendar.reschedule(interview)).start, '2026-11-25T10:30:00Z');
    });

    it('an unknown one is asked about: no mail goes out, and a given time answers', async () => {
      const interview = await schedule();
      await calendar.edit(inZone('Planet X'));
      const message = await finalFailure(FailureType.CannotTell, calendar.reschedule(interview));
      assert.match(
        message,
        /the calendar of Acme HR: it is at 2026-11-25T10:30:00 in "Planet X".*Move the entry .* give a time/,
      );
      await finalFailure(FailureType.CannotTell, schedule());
      assert.equal(mail.mails.length, 2, 'the invitations');
      const { start } = await calendar.reschedule(interview, { at: '2026-11-26T10:00:00Z' });
      assert.equal(start, '2026-11-26T10:00:00Z');
    });

    it('an unknown one is no obstacle to a withdrawal', async () => {
      const interview = await schedule();
      await calendar.edit(inZone('Planet X'));
      assert.equal((await calendar.withdraw(interview)).withdrawn, true);
      assert.deepEqual(await calendar.events(), []);
    });
  });
});
