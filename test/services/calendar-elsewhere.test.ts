/** Servers that keep our entry under another address or UID, change it, or limit requests: in the shapes of the public record. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import type { Interview } from '../../src/exit/interview.js';
import { between, calendarOfHr, PATH } from '../support/calendar.js';
import { finalFailure } from '../support/failures.js';
import type { ProxiedAnswer, Quirk } from '../support/fault-proxy.js';
import { memory } from '../support/interview.js';
import { ask } from '../support/radicale.js';

const NEXT = '2026-11-24T11:30:00Z';

const answering =
  (change: (answer: ProxiedAnswer, method: string, body: string) => ProxiedAnswer): Quirk =>
  (forward) =>
  async (request) =>
    change(await forward(request), request.method, request.body);

/** A server that keeps what is created at our address as `kept.ics`. */
const renaming =
  (isTold: boolean, uid?: string): Quirk =>
  (forward) =>
  async (request) => {
    const isOurs = request.path.endsWith(PATH);
    if (!isOurs) return forward(request);
    if (request.method !== 'PUT') return { status: 404, headers: {}, body: '' };
    const path = request.path.replace(PATH, '/kept.ics');
    const body = uid ? request.body.replace(/^UID:.*$/m, `UID:${uid}`) : request.body;
    const answer = await forward({ ...request, path, body });
    return { ...answer, headers: { ...answer.headers, ...(isTold && { location: path }) } };
  };

describe('@long a calendar that keeps the entry', () => {
  const calendar = calendarOfHr();
  const { schedule } = calendar;
  const quirk = (one: Quirk) => calendar.proxy.quirk(one);
  const starts = async () =>
    (await calendar.events()).map((event) => String(event.getFirstPropertyValue('dtstart')));

  async function movesAndGoes(interview: Interview): Promise<void> {
    assert.deepEqual(await starts(), [interview.start]);
    const moved = await calendar.reschedule(interview);
    assert.deepEqual(await starts(), [moved.start]);
    assert.equal((await calendar.withdraw(moved)).withdrawn, true);
    assert.deepEqual(await starts(), []);
  }

  for (const [what, custom] of Object.entries({
    'under another address, named in Location': renaming(true),
    'under another address without a word': renaming(false),
    'under another address and UID': renaming(true, 'server-made'),
    'under another address and UID without a word': renaming(false, 'server-made'),
  }))
    it(`${what} has one entry, which moves and goes`, async () => {
      quirk(custom);
      await movesAndGoes(await schedule());
    });

  it('elsewhere already, and so refuses to create it, has one entry, which moves and goes', async () => {
    const answers: ((href: string) => ProxiedAnswer)[] = [
      (href) => ({
        status: 409,
        headers: { 'content-type': 'application/xml' },
        body: `<d:error xmlns:d="DAV:"><c:no-uid-conflict xmlns:c="urn:ietf:params:xml:ns:caldav"><d:href>${href}</d:href></c:no-uid-conflict></d:error>`,
      }),
      () => ({ status: 400, headers: {}, body: 'Calendar object with uid already exists' }),
    ];
    for (const [i, refusal] of answers.entries()) {
      await calendar.empty();
      const done = memory();
      quirk(renaming(false));
      const first = await schedule({ done });
      let isHidden = true;
      quirk((forward) => async (request) => {
        if (!request.path.endsWith(PATH) && request.method === 'REPORT' && isHidden && i === 0)
          return { status: 403, headers: {}, body: '' };
        if (!request.path.endsWith(PATH)) return forward(request);
        if (request.method !== 'PUT') return { status: 404, headers: {}, body: '' };
        return refusal(request.path.replace(PATH, '/kept.ics'));
      });
      const again = await schedule({ at: first.start });
      isHidden = false;
      assert.equal(again.start, first.start);
      await movesAndGoes(again);
    }
  });

  it('no more does not lose the entry of another exit, whatever its summary and time', async () => {
    const interview = await schedule();
    const content = await ask(calendar.account, 'GET', PATH);
    await calendar.remove();
    const other = content.replace(/^UID:.*$/m, 'UID:interview.exit-2@acme.example');
    await ask(calendar.account, 'PUT', '/other.ics', other);
    await calendar.withdraw(interview);
    assert.deepEqual(await starts(), [interview.start]);
  });

  it('until another end tells people that end, and the note says so', async () => {
    quirk(
      (forward) => (request) =>
        forward({
          ...request,
          body: request.body.replace('DTEND:20261124T111500Z', 'DTEND:20261124T113000Z'),
        }),
    );
    const { start, end, remarks } = await schedule();
    assert.deepEqual([start, end], ['2026-11-24T10:30:00Z', NEXT]);
    assert.match(
      remarks!.join(),
      /keeps the entry until 2026-11-24T11:30:00Z instead of 2026-11-24T11:15:00Z/,
    );
  });

  it('without a length is asked about', async () => {
    quirk(
      (forward) => (request) => forward({ ...request, body: request.body.replace(/^DTEND:.*\r\n/m, '') }),
    );
    assert.match(await finalFailure(FailureType.CannotTell, schedule()), /shows another one/);
  });

  it('as free time, without its attendees or with messages of its own says so in the note', async () => {
    quirk(
      (forward) => (request) =>
        forward({
          ...request,
          body: request.body
            .replace('BEGIN:VEVENT\r\n', 'BEGIN:VEVENT\r\nTRANSP:TRANSPARENT\r\n')
            .replaceAll(/\r\n[ \t]/g, '')
            .replace(/^ATTENDEE.*dana\.fox@.*\r\n/im, '')
            .replace(/^ATTENDEE/m, 'ATTENDEE;SCHEDULE-STATUS="1.1"'),
        }),
    );
    const said = (await schedule()).remarks!.join();
    assert.match(said, /shows the entry as free time/);
    assert.match(said, /does not list dana\.fox@acme\.example/);
    assert.match(said, /sent messages of its own to hr@acme\.example/);
  });

  it('longer, since HR made it longer before all are invited, tells people the new end', async () => {
    const done = memory();
    calendar.mail.refuseWith(450);
    await assert.rejects(schedule({ done }));
    calendar.mail.refuse(undefined);
    await calendar.edit((content) => content.replace('DTEND:20261124T111500Z', 'DTEND:20261124T120000Z'));
    const { end, sequence } = await schedule({ done });
    assert.deepEqual([end, sequence], ['2026-11-24T12:00:00Z', 1]);
  });
});

describe('@long a calendar that', () => {
  const calendar = calendarOfHr();
  const { schedule } = calendar;
  const quirk = (one: Quirk) => calendar.proxy.quirk(one);
  const TAKEN = between('1030', '1115');
  const inReports = (change: (body: string) => string) =>
    answering((answer, method, body) =>
      method === 'REPORT' && body.includes('calendar-query')
        ? { ...answer, body: change(answer.body) }
        : answer,
    );

  it('has an event in an unknown time zone is asked for free-busy; refused, all its possible time is busy', async () => {
    await calendar.add('odd', ['DTSTART;TZID=Planet X:20261124T113000', 'DURATION:PT45M']);
    const busy = (period: string) =>
      answering((answer, _, body) =>
        body.includes('free-busy')
          ? {
              status: 200,
              headers: { 'content-type': 'text/calendar' },
              body: `BEGIN:VCALENDAR\r\nBEGIN:VFREEBUSY\r\n${period}END:VFREEBUSY\r\nEND:VCALENDAR\r\n`,
            }
          : answer,
      );
    quirk(busy('FREEBUSY:20261124T103000Z/PT45M\r\n'));
    const told = await schedule({ exitId: 'exit-2' });
    assert.equal(told.start, NEXT);
    assert.match(told.faults!.join(), /odd\.ics: .*"Planet X".*the free-busy report tells when/);
    // A report that shows nothing there is not believed.
    quirk(busy(''));
    const { start, faults } = await schedule();
    assert.equal(start, '2026-11-25T08:00:00Z');
    assert.match(faults!.join(), /2026-11-23T21:30:00.000Z to 2026-11-25T00:15:00.000Z counts as busy/);
  });

  it('lists its objects without their data is asked for each of them', async () => {
    await calendar.add('meeting', TAKEN);
    quirk(inReports((body) => body.replaceAll(/<C:calendar-data>[^]*?<\/C:calendar-data>/g, '')));
    const { start, faults } = await schedule();
    assert.deepEqual([start, faults], [NEXT, undefined]);
  });

  it('writes its XML with other prefixes and CDATA is understood; one with a DTD is not', async () => {
    await calendar.add('meeting', TAKEN);
    const other = (body: string) =>
      body
        .replaceAll(/<(\/?)C:calendar-data>/g, (_, end: string) =>
          end ? ']]></C:calendar-data>' : '<C:calendar-data><![CDATA[',
        )
        .replaceAll(/<(\/?)(multistatus|response|href|propstat|prop|status|getetag)\b/g, '<$1x:$2')
        .replace('xmlns="DAV:"', 'xmlns:x="DAV:"');
    quirk(inReports(other));
    assert.equal((await schedule({ exitId: 'exit-2' })).start, NEXT);
    quirk(
      answering((answer, method) =>
        method === 'REPORT'
          ? { ...answer, body: `<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>${answer.body}` }
          : answer,
      ),
    );
    await assert.rejects(schedule(), /with a DTD|not iCalendar/);
  });

  it('has moved to another path of its server is followed there', async () => {
    quirk((forward) => (request) => {
      const path = request.path.replace(/^\/moved/, '');
      return path === request.path
        ? Promise.resolve({ status: 301, headers: { location: `/moved${path}` }, body: '' })
        : forward({ ...request, path });
    });
    assert.equal((await schedule()).start, '2026-11-24T10:30:00Z');
  });

  for (const [what, answer, isLimit] of [
    ['403 with quotaExceeded', { status: 403, headers: {}, body: '{"reason":"quotaExceeded"}' }, true],
    ['403 with words', { status: 403, headers: {}, body: 'Calendar usage limits exceeded.' }, true],
    ['403 with a limit of 0', { status: 403, headers: { 'x-ratelimit-remaining': '0' }, body: '' }, true],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '30' }, body: '' }, true],
    ['507', { status: 507, headers: {}, body: '' }, false],
    ['507 with words', { status: 507, headers: {}, body: 'Disk quota exceeded' }, false],
    [
      '507 with a condition and words',
      {
        ...{ status: 507, headers: {} },
        body: '<d:error xmlns:d="DAV:"><d:quota-not-exceeded/><d:responsedescription>Quota exceeded</d:responsedescription></d:error>',
      },
      false,
    ],
    [
      '403 with a full disk',
      { status: 403, headers: {}, body: '<d:error xmlns:d="DAV:"><d:quota-not-exceeded/></d:error>' },
      false,
    ],
  ] as const)
    it(`answers a write with ${what} ${isLimit ? 'is retried later' : 'needs room: that is final'}`, async () => {
      quirk(
        (forward) => (request) =>
          request.method === 'PUT' ? Promise.resolve({ ...answer }) : forward(request),
      );
      if (isLimit)
        await assert.rejects(schedule(), (error: Error & { afterMs?: number }) => (error.afterMs ?? 0) > 0);
      else assert.match(await finalFailure(FailureType.Refused, schedule()), /make room there and retry/);
    });

  it('has no time left in the days of the policy gives one in a later week, and the note says so', async () => {
    await calendar.add('away', ['DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261208']);
    const { start, remarks } = await schedule();
    assert.equal(start, '2026-12-08T08:00:00Z');
    assert.match(remarks!.join(), /no time was free within 5 working days/);
    const days = { policy: { workingHours: { from: '09:00', to: '09:45' } } };
    await calendar.empty();
    const all = [];
    for (let i = 0; i < 7; i++) all.push((await schedule({ exitId: `exit-${i}`, ...days })).start);
    assert.equal(new Set(all).size, 7, 'seven exits where the policy has five slots');
  });
});
