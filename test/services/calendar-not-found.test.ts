/** A 404 of a gateway in front of the calendar: neither our entry nor the calendar is gone by it. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { between, calendarOfHr, PATH, UID } from '../support/calendar.js';
import { answering, refusing, together } from '../support/calendar-quirks.js';
import { finalFailure, outage } from '../support/failures.js';
import type { ProxiedAnswer, ProxiedRequest, Quirk } from '../support/fault-proxy.js';
import { partnerWith } from '../support/interview.js';

const FIRST = '2026-11-24T10:30:00Z';
const PAGE = { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>no route</html>' };
const PLAIN = { status: 404, headers: {}, body: '' };

/** A gateway that answers in place of the server. */
const gateway =
  (answer: ProxiedAnswer, stands: (request: ProxiedRequest) => boolean = () => true): Quirk =>
  (forward) =>
  (request) =>
    stands(request) ? Promise.resolve(answer) : forward(request);
/** One answer alone. */
const once = (matches: (request: ProxiedRequest) => boolean) => {
  let isOver = false;
  return (request: ProxiedRequest): boolean => {
    if (isOver || !matches(request)) return false;
    return (isOver = true);
  };
};
const isEntry = ({ path }: ProxiedRequest): boolean => path.endsWith(PATH);
const isRead = (request: ProxiedRequest): boolean => isEntry(request) && request.method === 'GET';

describe('@long behind a gateway that answers 404, a calendar', () => {
  const calendar = calendarOfHr();
  const { mail, schedule, withdraw } = calendar;
  const quirk = (one?: Quirk) => calendar.proxy.quirk(one);
  const isThere = async (): Promise<boolean> => UID in (await calendar.interviews());

  it('to everything with a page is asked later: no interview is withdrawn or planned by it', async () => {
    const interview = await schedule();
    quirk(gateway(PAGE));
    assert.match(await outage(withdraw(interview)), /answered 404 .*a web page.*calendar\.url/);
    await outage(schedule({ exitId: 'exit-2' }));
    assert.equal(mail.mails.length, 2, 'the invitations');
    quirk();
    assert.equal((await withdraw(interview)).withdrawn, true);
    assert.equal(await isThere(), false);
  });

  it('to everything without a page is not there: the failure names the setting', async () => {
    const interview = await schedule();
    quirk(gateway(PLAIN));
    assert.match(
      await finalFailure(FailureType.Refused, withdraw(interview)),
      /there is no such calendar, check its calendar\.url/,
    );
    assert.equal(mail.mails.length, 2, 'the invitations');
  });

  for (const nth of [1, 2, 3, 4])
    it(`to read ${nth} of our entry alone still has it, also where it refuses a search`, async () => {
      const interview = await schedule();
      let count = 0;
      quirk(
        together(
          gateway(PAGE, (request) => isRead(request) && (count += 1) === nth),
          refusing(403, 'calendar-query'),
        ),
      );
      assert.equal((await withdraw(interview)).withdrawn, true);
      assert.equal(await isThere(), false);
    });

  it('once to a search or to free-busy is asked again', async () => {
    await calendar.add('meeting', between('1030', '1115'));
    for (const report of ['calendar-query', 'free-busy-query']) {
      quirk(
        gateway(
          PAGE,
          once(({ body }) => body.includes(report)),
        ),
      );
      const { start, remarks } = await schedule({ exitId: `exit-${report}` });
      assert.ok(start > FIRST);
      assert.equal(remarks, undefined);
    }
  });

  it('to each read of our entry, which it lists, still has it where a search finds it', async () => {
    const interview = await schedule();
    quirk(gateway(PLAIN, isRead));
    const moved = await calendar.reschedule(interview);
    assert.deepEqual(await calendar.interviews(), { [UID]: new Date(moved.start).toISOString() });
  });

  it('to each read of our entry, and refuses a search, still has it where it lists it', async () => {
    const interview = await schedule();
    quirk(together(gateway(PLAIN, isRead), refusing(403, 'calendar-query')));
    assert.match(await outage(withdraw(interview)), /lists .*, and answers 404 to a read of it/);
    assert.equal(await isThere(), true);
    assert.equal(mail.mails.length, 2, 'the invitations');
  });

  it('to the removal and to each read after it still has our entry where a search finds it', async () => {
    const interview = await schedule();
    let isGone = false;
    quirk(
      gateway(
        PAGE,
        (request) => (isGone ||= isEntry(request) && request.method === 'DELETE') && isEntry(request),
      ),
    );
    await outage(withdraw(interview));
    assert.equal(mail.mails.length, 2, 'the invitations');
    assert.equal(await isThere(), true);
    quirk();
    assert.equal((await withdraw(interview)).withdrawn, true);
    assert.equal(await isThere(), false);
  });

  /** What the server says of the calendar within a multistatus. */
  const about = (status: string, path: string): ProxiedAnswer => ({
    ...{ status: 207, headers: {} },
    body: `<multistatus xmlns="DAV:"><response><href>${path}</href><status>HTTP/1.1 ${status}</status></response></multistatus>`,
  });

  const whole = (status: string): Quirk =>
    answering((answer, { body, path }) => (body.includes('calendar-query') ? about(status, path) : answer));

  it('within the answer to a search is not there: the failure names the setting', async () => {
    quirk(whole('404 Not Found'));
    const message = await finalFailure(FailureType.Refused, schedule());
    assert.match(message, /answered 404 to .*check its calendar\.url/);
  });

  it('or 403 within the answer to a search is asked for free-busy, and is not empty', async () => {
    await calendar.add('meeting', between('1030', '1115'));
    quirk(whole('403 Forbidden'));
    assert.ok((await schedule()).start > FIRST);
    quirk(together(whole('403 Forbidden'), refusing(403, 'free-busy-query')));
    const message = await finalFailure(FailureType.Refused, schedule({ exitId: 'exit-2' }));
    assert.match(message, /cannot be asked for its events: .*answered 403 to "calendar-query"/);
  });

  const propfind = (answer: ProxiedAnswer): Quirk => gateway(answer, ({ method }) => method === 'PROPFIND');
  const SIGN_IN = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>sign in</html>' };

  it('or a page, or within its answer that it is not there, does not pass a probe; one that answers reports alone does', async () => {
    const probe = () => partnerWith(calendar.proxied()).calendar!.probe(AbortSignal.timeout(10_000));
    await probe();
    const { pathname } = new URL(`${calendar.account.url}/`);
    for (const answer of [PAGE, PLAIN, SIGN_IN, about('404 Not Found', pathname)]) {
      quirk(propfind(answer));
      await assert.rejects(probe(), /the calendar of Acme HR answered/);
    }
    const noPropfind = propfind({ status: 405, headers: {}, body: '' });
    quirk(noPropfind);
    await probe();
    quirk(together(noPropfind, refusing(403, 'calendar-query')));
    await probe();
    quirk(together(noPropfind, refusing(405, 'calendar-query', 'free-busy-query')));
    await assert.rejects(probe(), /cannot be asked for its events/);
  });

  it('is passed over for the next HR partner where it is not there', async () => {
    const bert = partnerWith(await calendar.another('hr-two'), { name: 'Bert', email: 'bert@acme.example' });
    quirk(gateway(PLAIN));
    const { hrPartner, faults } = await schedule({ partners: [partnerWith(calendar.proxied()), bert] });
    assert.equal(hrPartner?.name, 'Bert');
    assert.match(faults!.join(), /check its calendar\.url/);
  });
});
