/** Exits that want the same slot at the same moment: one of them gets it (docs/decisions/0011). */
import assert from 'node:assert/strict';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import { between, calendarOfHr } from '../support/calendar.js';
import { finalFailure, outage } from '../support/failures.js';
import type { Fault, Seen } from '../support/fault-proxy.js';
import { gate } from '../support/gate.js';
import { HR, partnerWith, readInvitation, type Asked } from '../support/interview.js';
import { interviewsIn } from '../support/radicale.js';

const isWrite = ({ method }: Seen): boolean => method === 'PUT';
const isWriteOf = (exitId: string) => (request: Seen) => isWrite(request) && request.path.includes(exitId);

describe('@long exits that race for a slot', () => {
  const calendar = calendarOfHr();
  const { mail } = calendar;
  const fault = (decide?: (request: Seen) => Fault | undefined) => calendar.proxy.fault(decide);

  /** The policy leaves one slot a day. */
  const slots = (withinWorkingDays: number): Asked => ({
    policy: { workingHours: { from: '09:00', to: '09:45' }, withinWorkingDays, leadTime: 3_600_000 },
  });
  const schedule = (exitId: string, days: number, asked: Asked = {}) =>
    calendar.schedule({ exitId, ...slots(days), ...asked });

  /** Holds what matches until it is let go. */
  function hold(matches: (request: Seen) => boolean) {
    const { passed, open } = gate();
    fault((request) => (matches(request) ? { kind: 'held', until: passed } : undefined));
    return { arrived: calendar.proxy.next(matches), letGo: open };
  }

  /** Holds the first writes until every exit has seen the same free times. */
  function startTogether(exits: number): void {
    const all = gate();
    const writers = new Set<string>();
    fault((request) => {
      if (!isWrite(request) || writers.has(request.path)) return undefined;
      if (writers.add(request.path).size === exits) all.open();
      return { kind: 'held', until: all.passed };
    });
  }

  for (const [exits, days] of [
    [2, 1],
    [2, 2],
    [5, 3],
  ] as const) {
    for (const round of [1, 2, 3, 4]) {
      it(`${exits} for ${days}: each slot goes to one, and the others fail without a slot (round ${round})`, async () => {
        startTogether(exits);
        const running = Array.from({ length: exits }, (_, i) => schedule(`exit-${i}`, days));
        const results = await Promise.allSettled(running);
        const kept = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
        assert.equal(kept.length, Math.min(exits, days), JSON.stringify(results));
        for (const result of results) {
          if (result.status === 'fulfilled') continue;
          assert.ok(result.reason instanceof FinalFailure, String(result.reason));
          assert.equal(result.reason.type, FailureType.NoInterviewSlot);
        }
        assert.equal(new Set(kept.map(({ start }) => start)).size, kept.length, 'all at different times');
        assert.deepEqual(
          await calendar.interviews(),
          Object.fromEntries(kept.map(({ uid, start }) => [uid, new Date(start).toISOString()])),
        );
        assert.equal(mail.to(HR).length, kept.length);
      });
    }
  }

  it('go to the next HR partner when the first has no slot left', async () => {
    const berts = await calendar.another('hr-two');
    const bert = partnerWith(berts, { name: 'Bert', email: 'bert@acme.example' });
    const partners: Asked['partners'] = [partnerWith(calendar.proxied()), bert];
    startTogether(2);
    const both = ['exit-a', 'exit-b'].map((exitId) => schedule(exitId, 1, { partners }));
    const [a, b] = await Promise.all(both);
    assert.deepEqual([a!.hrPartner!.name, b!.hrPartner!.name], ['Acme HR', 'Bert']);
    assert.deepEqual(Object.keys(await calendar.interviews()), [a!.uid]);
    assert.deepEqual(Object.keys(await interviewsIn(berts)), [b!.uid]);
  });

  it('return a moved interview to its announced time when the new slot is lost and no other is free', async () => {
    const interview = await schedule('exit-a', 2);
    const { arrived, letGo } = hold(isWrite);
    const reschedule = (at?: string) =>
      calendar.reschedule(interview, { exitId: 'exit-a', ...slots(2), ...(at && { at }) });
    const moving = reschedule();
    await arrived;
    fault();
    await calendar.add('meeting', ['DTSTART:20261125T080000Z', 'DTEND:20261125T090000Z']);
    letGo();
    assert.match(await finalFailure(FailureType.NoInterviewSlot, moving), /it stays at 2026-11-24T08:00:00Z/);
    assert.deepEqual(await calendar.interviews(), { [interview.uid]: '2026-11-24T08:00:00.000Z' });
    assert.equal(mail.to(HR).length, 1, 'the first invitation');
    const at = '2026-11-26T10:00:00Z';
    const moved = await reschedule(at);
    assert.equal(moved.start, at);
    assert.equal(readInvitation(mail.to(HR)[1]!).event.sequence, moved.sequence);
  });

  it('leave a confirmed slot to its exit, even when their own UID is smaller', async () => {
    const { arrived, letGo } = hold(isWriteOf('exit-a'));
    const late = schedule('exit-a', 1);
    await arrived;
    const kept = await schedule('exit-b', 1);
    letGo();
    await finalFailure(FailureType.NoInterviewSlot, late);
    assert.deepEqual(Object.keys(await calendar.interviews()), [kept.uid]);
  });

  it('wait for an exit that has looked and not confirmed yet', async () => {
    let writes = 0;
    const confirms = (request: Seen) => isWriteOf('exit-b')(request) && (writes += 1) === 2;
    const gates = { a: gate(), b: gate() };
    const confirming = gate();
    let looks = 0;
    const looked = gate();
    fault((request) => {
      if (confirms(request)) {
        confirming.open();
        return { kind: 'held', until: gates.b.passed };
      }
      if (isWriteOf('exit-a')(request)) return { kind: 'held', until: gates.a.passed };
      if (request.body.includes('calendar-query') && (looks += 1) === 3) looked.open();
      return undefined;
    });
    const waiting = schedule('exit-a', 2);
    await calendar.proxy.next(isWriteOf('exit-a'));
    const first = schedule('exit-b', 2);
    await confirming.passed;
    gates.a.open();
    await looked.passed;
    gates.b.open();
    const [a, b] = await Promise.all([waiting, first]);
    assert.deepEqual([b.start, a.start], ['2026-11-24T08:00:00Z', '2026-11-25T08:00:00Z']);
  });

  it('wait at most ten minutes for an exit that never confirms', async () => {
    const uid = 'interview.exit-z@acme.example';
    await calendar.add(uid, [...between('0800', '0845'), 'STATUS:TENTATIVE'], [], '20261123T101000Z');
    // Both had written at once: neither saw the other in free-busy.
    calendar.proxy.quirk((forward) => async (request) => {
      const answer = await forward(request);
      if (!request.body.includes('free-busy-query')) return answer;
      return { ...answer, body: answer.body.replaceAll(/FREEBUSY;[^\r]*08[^\r]*\r\n/g, '') };
    });
    assert.match(await outage(schedule('exit-a', 1)), /another exit holds/);
    const tenMinutesLater = schedule('exit-a', 1, { now: '2026-11-23T10:30:00Z' });
    await finalFailure(FailureType.NoInterviewSlot, tenMinutesLater);
    assert.deepEqual(Object.keys(await calendar.interviews()), [uid]);
  });

  it('leave the slot to a person who was faster', async () => {
    const { arrived, letGo } = hold(isWrite);
    const running = schedule('exit-a', 2);
    await arrived;
    fault();
    await calendar.add('meeting', between('0830', '0900'));
    letGo();
    const interview = await running;
    assert.equal(interview.start, '2026-11-25T08:00:00Z');
    assert.equal(interview.sequence, 1);
    assert.equal(mail.to(HR).length, 1);
  });
});
