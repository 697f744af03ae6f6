/** Exits that want the same slot at the same moment: one of them gets it (docs/decisions/0011). */
import assert from 'node:assert/strict';
import { setTimeout as latency } from 'node:timers/promises';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import { between, calendarOfHr } from '../support/calendar.js';
import { finalFailure } from '../support/failures.js';
import type { Fault, Quirk, Seen } from '../support/fault-proxy.js';
import { gate } from '../support/gate.js';
import { HR, hrAt, partnerWith, readInvitation, type Asked } from '../support/interview.js';
import { interviewsIn } from '../support/radicale.js';

const isWrite = ({ method }: Seen): boolean => method === 'PUT';

describe('@long exits that race for a slot', () => {
  const calendar = calendarOfHr();
  const { mail } = calendar;
  const fault = (decide?: (request: Seen) => Fault | undefined) => calendar.proxy.fault(decide);

  /** The policy leaves one slot a day, on so many days. */
  const slots = (withinWorkingDays: number): Asked => ({
    lastWorkingDay: ['2026-11-25', '2026-11-26', '2026-11-27', '2026-11-28', '2026-12-01'][
      withinWorkingDays - 1
    ]!,
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

  for (const [exits, days] of [
    [2, 1],
    [2, 2],
    [5, 3],
  ] as const) {
    for (const round of [1, 2, 3, 4]) {
      it(`${exits} for ${days}: each slot goes to one, and the others fail without a slot (round ${round})`, async () => {
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
    const both = await Promise.all(['exit-a', 'exit-b'].map((exitId) => schedule(exitId, 1, { partners })));
    const [a, b] = both.toSorted((one, other) => one.hrPartner!.name.localeCompare(other.hrPartner!.name));
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

  const customs: Record<string, Quirk> = {
    'keeps no STATUS': (forward) => (request) =>
      forward({ ...request, body: request.body.replace(/^STATUS:.*\r?\n/m, '') }),
    'always shows STATUS:CONFIRMED': (forward) => async (request) => {
      const answer = await forward(request);
      return { ...answer, body: answer.body.replaceAll(/STATUS:\w+/g, 'STATUS:CONFIRMED') };
    },
    'shows no entry of ours in a search': (forward) => async (request) => {
      const answer = await forward(request);
      if (request.method !== 'REPORT') return answer;
      return {
        ...answer,
        body: answer.body.replaceAll(/<response>(?:(?!<\/response>)[^])*?interview\.[^]*?<\/response>/g, ''),
      };
    },
  };
  for (const [what, quirk] of Object.entries(customs))
    it(`are kept apart in a calendar that ${what}`, async () => {
      calendar.proxy.quirk(quirk);
      const all = await Promise.all(['a', 'b', 'c', 'd'].map((id) => schedule(`exit-${id}`, 4)));
      assert.equal(new Set(all.map(({ start }) => start)).size, 4);
    });

  it('of two installations without common locks take different times', async () => {
    const other = hrAt(mail, () => [partnerWith(calendar.proxied())]);
    const { passed, open } = gate();
    let writes = 0;
    fault((request) => {
      if (!isWrite(request) || (writes += 1) > 2) return undefined;
      if (writes === 2) open();
      return { kind: 'held', until: passed };
    });
    const both = [calendar.schedule, other.schedule].map((run, i) =>
      run({ exitId: `exit-${i}`, ...slots(5) }),
    );
    const [a, b] = await Promise.all(both);
    assert.notEqual(a!.start, b!.start);
    assert.deepEqual(Object.keys(await calendar.interviews()).toSorted(), [a!.uid, b!.uid]);
  });

  it('of two installations that keep step take different times', async () => {
    const other = hrAt(mail, () => [partnerWith(calendar.proxied())]);
    // As from a server that takes its time: without it, one of the two is soon ahead.
    fault(() => ({ kind: 'held', until: latency(100) }));
    const both = [calendar.schedule, other.schedule].map((run, i) =>
      run({ exitId: `exit-${i}`, ...slots(5) }),
    );
    const [a, b] = await Promise.all(both);
    assert.notEqual(a!.start, b!.start);
  });

  it('find a slot free again once its interview has moved, is withdrawn or loses its time', async () => {
    const first = await schedule('exit-a', 2);
    const second = await schedule('exit-b', 2);
    await finalFailure(FailureType.NoInterviewSlot, schedule('exit-c', 2));
    await calendar.withdraw(first, { exitId: 'exit-a' });
    assert.equal((await schedule('exit-d', 2)).start, first.start);
    await calendar.reschedule(second, { exitId: 'exit-b', at: '2026-11-29T10:00:00Z' });
    assert.equal((await schedule('exit-e', 2)).start, second.start);
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
