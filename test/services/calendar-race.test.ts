/** Exits that want the same time at the same moment: each time is kept by one of them (docs/decisions/0011). */
import assert from 'node:assert/strict';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import type { HrPartner } from '../../src/services/hr/hr.js';
import { finalFailure, outage } from '../support/failures.js';
import { startFaultProxy, type FaultProxy, type Seen } from '../support/fault-proxy.js';
import { gate } from '../support/gate.js';
import { about, HR, hrAt, memory, openedAt, partnerWith, readInvitation } from '../support/interview.js';
import {
  addEvent,
  interviewsIn,
  startRadicale,
  type Account,
  type CalendarServer,
} from '../support/radicale.js';
import { startMailServer, type MailServer } from '../support/smtp.js';

const { signal } = new AbortController();
const isWrite = ({ method }: Seen): boolean => method === 'PUT';
const isOf = (exitId: string) => (request: Seen) => request.path.includes(exitId);

describe('exits that race for a slot', () => {
  let mail: MailServer;
  let server: CalendarServer;
  let proxy: FaultProxy;
  let account: Account;
  let proxied: Account;
  before(async () => {
    [mail, server] = await Promise.all([startMailServer(), startRadicale()]);
    proxy = await startFaultProxy(server.url);
  });
  beforeEach(async () => {
    mail.mails.length = 0;
    account = await server.calendar('hr');
    proxied = { ...account, url: proxy.url.replace(/\/$/, '') + new URL(account.url).pathname };
  });
  afterEach(() => proxy.fault(undefined));
  after(() => Promise.all([mail.stop(), server.stop(), proxy.stop()]));

  /** The policy leaves one slot a day. */
  const hr = (days: number, now = openedAt, ...others: HrPartner[]) =>
    hrAt(mail.port, now, {
      partners: [partnerWith(proxied), ...others],
      policy: { workingHours: { from: '09:00', to: '09:45' }, withinWorkingDays: days, leadTime: 3_600_000 },
    });
  const schedule = (exitId: string, ...setting: Parameters<typeof hr>) =>
    hr(...setting).scheduleInterview(about({}, exitId), memory(), signal);

  /** Holds what matches until it is let go. */
  function hold(matches: (request: Seen) => boolean) {
    const { passed, open } = gate();
    proxy.fault((request) => (matches(request) ? { kind: 'held', until: passed } : undefined));
    return { arrived: proxy.next(matches), letGo: open };
  }

  /** Nobody writes before everybody has seen the same free times. */
  function startTogether(exits: number): void {
    const all = gate();
    const writers = new Set<string>();
    proxy.fault((request) => {
      if (!isWrite(request) || writers.has(request.path)) return undefined;
      if (writers.add(request.path).size === exits) all.open();
      return { kind: 'held', until: all.passed };
    });
  }

  for (const [exits, slots] of [
    [2, 1],
    [2, 2],
    [5, 3],
  ] as const) {
    for (const round of [1, 2, 3, 4]) {
      it(`${exits} for ${slots}: each slot is kept by one, and who gets none is told so (round ${round})`, async () => {
        startTogether(exits);
        const running = Array.from({ length: exits }, (_, i) => schedule(`exit-${i}`, slots));
        const results = await Promise.allSettled(running);
        const kept = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        assert.equal(kept.length, Math.min(exits, slots), JSON.stringify(results));
        for (const result of results) {
          if (result.status === 'fulfilled') continue;
          assert.ok(result.reason instanceof FinalFailure, String(result.reason));
          assert.equal(result.reason.type, FailureType.NoInterviewSlot);
        }
        assert.equal(new Set(kept.map(({ start }) => start)).size, kept.length, 'all at different times');
        assert.deepEqual(
          await interviewsIn(account),
          Object.fromEntries(kept.map(({ uid, start }) => [uid, new Date(start).toISOString()])),
        );
        assert.equal(mail.to(HR).length, kept.length);
      });
    }
  }

  it('who gets no slot from the first HR partner gets one from the next', async () => {
    const account2 = await server.calendar('hr-two');
    const second = partnerWith(account2, { name: 'Bert', email: 'bert@acme.example' });
    startTogether(2);
    const both = ['exit-a', 'exit-b'].map((exitId) => schedule(exitId, 1, openedAt, second));
    const [a, b] = await Promise.all(both);
    assert.deepEqual([a!.hrPartner!.name, b!.hrPartner!.name], ['Acme HR', 'Bert']);
    assert.deepEqual(Object.keys(await interviewsIn(account)), [a!.uid]);
    assert.deepEqual(Object.keys(await interviewsIn(account2)), [b!.uid]);
  });

  it('an interview that loses its new time, and finds no other, goes back to where everybody knows it', async () => {
    const interview = await schedule('exit-a', 2);
    const { arrived, letGo } = hold(isWrite);
    const request = { ...about({}, 'exit-a'), interview };
    const moving = hr(2).rescheduleInterview(request, memory(), signal);
    await arrived;
    proxy.fault(undefined);
    await addEvent(account, 'meeting', ['DTSTART:20261125T080000Z', 'DTEND:20261125T090000Z']);
    letGo();
    assert.match(await finalFailure(FailureType.NoInterviewSlot, moving), /it stays at 2026-11-24T08:00:00Z/);
    assert.deepEqual(await interviewsIn(account), { [interview.uid]: '2026-11-24T08:00:00.000Z' });
    assert.equal(mail.to(HR).length, 1, 'the first invitation');
    const at = '2026-11-26T10:00:00Z';
    const moved = await hr(2).rescheduleInterview({ ...request, at }, memory(), signal);
    assert.equal(moved.start, at);
    assert.equal(readInvitation(mail.to(HR)[1]!).event.sequence, moved.sequence);
  });

  it('the later one stands back from a slot that is kept, even if its UID is the smaller', async () => {
    const { arrived, letGo } = hold((request) => isWrite(request) && isOf('exit-a')(request));
    const late = schedule('exit-a', 1);
    await arrived;
    const kept = await schedule('exit-b', 1);
    letGo();
    await finalFailure(FailureType.NoInterviewSlot, late);
    assert.deepEqual(Object.keys(await interviewsIn(account)), [kept.uid]);
  });

  it('the one that has looked and not said so yet is waited for', async () => {
    let writes = 0;
    const confirms = (request: Seen) => isWrite(request) && isOf('exit-b')(request) && (writes += 1) === 2;
    const gates = { a: gate(), b: gate() };
    const confirming = gate();
    let looks = 0;
    const looked = gate();
    proxy.fault((request) => {
      if (confirms(request)) {
        confirming.open();
        return { kind: 'held', until: gates.b.passed };
      }
      if (isWrite(request) && isOf('exit-a')(request)) return { kind: 'held', until: gates.a.passed };
      if (request.body.includes('calendar-query') && (looks += 1) === 3) looked.open();
      return undefined;
    });
    const waiting = schedule('exit-a', 2);
    await proxy.next((request) => isWrite(request) && isOf('exit-a')(request));
    const first = schedule('exit-b', 2);
    await confirming.passed;
    gates.a.open();
    await looked.passed;
    gates.b.open();
    const [a, b] = await Promise.all([waiting, first]);
    assert.deepEqual([b.start, a.start], ['2026-11-24T08:00:00Z', '2026-11-25T08:00:00Z']);
  });

  it('one that never decides is waited for, and given up after ten minutes', async () => {
    const uid = 'interview.exit-z@acme.example';
    const time = ['DTSTART:20261124T080000Z', 'DTEND:20261124T084500Z'];
    await addEvent(account, uid, [...time, 'STATUS:TENTATIVE'], [], '20261123T101000Z');
    // Both had written at once: neither saw the other in free-busy.
    proxy.quirk((forward) => async (request) => {
      const answer = await forward(request);
      if (!request.body.includes('free-busy-query')) return answer;
      return { ...answer, body: answer.body.replaceAll(/FREEBUSY;[^\r]*08[^\r]*\r\n/g, '') };
    });
    try {
      assert.match(await outage(schedule('exit-a', 1)), /another exit has not yet decided/);
      await finalFailure(FailureType.NoInterviewSlot, schedule('exit-a', 1, '2026-11-23T10:30:00Z'));
      assert.deepEqual(Object.keys(await interviewsIn(account)), [uid]);
    } finally {
      proxy.quirk(undefined);
    }
  });

  it('a person who was faster keeps the time', async () => {
    const { arrived, letGo } = hold(isWrite);
    const running = schedule('exit-a', 2);
    await arrived;
    proxy.fault(undefined);
    await addEvent(account, 'meeting', ['DTSTART:20261124T083000Z', 'DTEND:20261124T090000Z']);
    letGo();
    const interview = await running;
    assert.equal(interview.start, '2026-11-25T08:00:00Z');
    assert.equal(interview.sequence, 1);
    assert.equal(mail.to(HR).length, 1);
  });
});
