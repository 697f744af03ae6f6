/** A calendar that cannot be reached, refuses, or loses answers. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { FailureType } from '../../src/exit/failures.js';
import type { Interview } from '../../src/exit/interview.js';
import type { Memory } from '../../src/services/hr/memory.js';
import { calendarOfHr, UID } from '../support/calendar.js';
import { finalFailure, outage } from '../support/failures.js';
import { startFaultProxy, type Fault, type Seen } from '../support/fault-proxy.js';
import { HR, memory, partnerWith, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { PASSWORD } from '../support/radicale.js';

const FIRST = '2026-11-24T10:30:00Z';

describe('@long scheduling in a calendar that', () => {
  const calendar = calendarOfHr();
  const { mail, schedule } = calendar;
  const fault = (decide?: (request: Seen) => Fault | undefined) => calendar.proxy.fault(decide);
  const scheduleIn = (account = calendar.account) => schedule({ partners: [partnerWith(account)] });

  /** No error shows the password, however it is printed. */
  async function secretly(running: Promise<unknown>): Promise<unknown> {
    try {
      return await running;
    } catch (error) {
      const shown = inspect(error, { depth: 10, showHidden: true }) + String((error as Error).stack);
      for (const secret of [PASSWORD, Buffer.from(`${calendar.account.user}:${PASSWORD}`).toString('base64')])
        assert.ok(!shown.includes(secret), shown);
      throw error;
    }
  }

  const outages: Record<string, Fault> = {
    'is down': { kind: 'unreachable' },
    'answers 503': { kind: 'answer', status: 503, body: PASSWORD },
    'answers 429': { kind: 'answer', status: 429 },
    'loses every answer': { kind: 'lost-answer' },
    'answers with a page of a proxy': { kind: 'answer', status: 200, body: '<html>maintenance</html>' },
  };
  for (const [what, met] of Object.entries(outages)) {
    it(`${what} is retried without a mail, and succeeds afterwards`, async () => {
      const done = memory();
      fault(() => met);
      const message = await outage(secretly(schedule({ done })));
      assert.match(message, /the calendar of Acme HR/);
      assert.equal(mail.mails.length, 0);
      fault();
      assert.equal((await schedule({ done })).start, FIRST);
    });
  }

  it('is unreachable is an outage that names the address', async () => {
    const gone = { ...calendar.account, url: 'http://127.0.0.1:2/hr/calendar' };
    const message = await outage(secretly(scheduleIn(gone)));
    assert.match(message, /cannot be reached at http:\/\/127\.0\.0\.1:2\/hr\/calendar\/: \w+/);
  });

  it('hangs is an outage after the request timeout, or as soon as the attempt is cancelled', async () => {
    const never = new Promise<void>(() => {});
    fault(() => ({ kind: 'held', until: never }));
    assert.match(await outage(secretly(schedule())), /no answer within 5000 ms/);
    const attempt = new AbortController();
    const running = schedule({ signal: attempt.signal });
    await calendar.proxy.next(() => true);
    attempt.abort();
    await outage(secretly(running));
  });

  it('redirects sends the password to no other server', async () => {
    const other = await startFaultProxy(calendar.account.url);
    try {
      const redirect = { status: 307, headers: { location: other.url }, body: '' };
      calendar.proxy.quirk(() => () => Promise.resolve(redirect));
      const message = await finalFailure(FailureType.Refused, secretly(schedule()));
      assert.match(message, /answered 307 .*a redirect to 127\.0\.0\.1:\d+: check its calendar\.url/);
      assert.equal(other.seen.length, 0);
    } finally {
      await other.stop();
    }
  });

  it('refuses the password or the request fails for good, and shows no password', async () => {
    const wrong = { ...calendar.account, password: `${PASSWORD}?` };
    const message = await finalFailure(FailureType.Refused, secretly(scheduleIn(wrong)));
    assert.match(message, /the calendar of Acme HR answered 401 to .*check its user and password/);
    fault(() => ({ kind: 'answer', status: 403, body: PASSWORD }));
    await finalFailure(FailureType.Refused, secretly(schedule()));
  });

  it('does not exist fails for good', async () => {
    const other = { ...calendar.account, url: `${calendar.account.url}-2` };
    const message = await finalFailure(FailureType.Refused, secretly(scheduleIn(other)));
    assert.match(message, /there is no such calendar/);
  });

  describe('fails once, at any of its requests:', () => {
    /** Tries again, as Temporal does. */
    async function insist<T>(run: () => Promise<T>): Promise<T> {
      for (let attempts = 1; ; attempts++) {
        try {
          return (await secretly(run())) as T;
        } catch (error) {
          if (attempts === 3) throw error;
        }
      }
    }

    const jobs: Record<
      string,
      (done: Memory, known: Interview | undefined) => Promise<Interview | undefined>
    > = {
      schedule: (done) => schedule({ done }),
      reschedule: (done, known) => calendar.reschedule(known!, { done }),
      'reschedule to a given time': (done, known) =>
        calendar.reschedule(known!, { done, at: '2026-11-25T14:00:00Z' }),
      withdraw: async (done, known) => {
        assert.equal((await calendar.withdraw(known, { done })).withdrawn, true);
        return undefined;
      },
    };
    for (const [what, job] of Object.entries(jobs)) {
      it(`${what}: one entry, one SEQUENCE, one mail each`, async () => {
        for (const kind of ['unreachable', 'lost-answer'] as const) {
          for (let position = 0, hit = true; hit; position++) {
            await calendar.empty();
            const before = what === 'schedule' ? undefined : await schedule();
            mail.mails.length = 0;
            let count = 0;
            hit = false;
            fault(({ method }) => {
              // For a read, a lost request and a lost answer are the same.
              if (kind === 'lost-answer' && method !== 'PUT' && method !== 'DELETE') return undefined;
              if (count++ !== position) return undefined;
              hit = true;
              return { kind };
            });
            const done = memory();
            const interview = await insist(() => job(done, before));
            fault();
            const where = `${what}, ${kind} at ${position}`;
            assert.deepEqual(
              await calendar.interviews(),
              interview ? { [UID]: new Date(interview.start).toISOString() } : {},
              where,
            );
            if (interview) {
              assert.equal(interview.sequence, before ? 1 : 0, where);
              const [entry] = await calendar.events();
              assert.equal(entry!.getFirstPropertyValue('sequence'), interview.sequence, where);
              assert.equal(entry!.getFirstPropertyValue('status'), 'CONFIRMED', where);
            }
            assert.deepEqual(
              mail.mails.map(({ recipient }) => recipient),
              [DANA, HR],
              where,
            );
            for (const one of mail.mails)
              assert.equal(readInvitation(one).event.sequence, before ? 1 : 0, where);
          }
        }
      });
    }
  });

  it('changes at the same moment is read again, and decided again', async () => {
    let writes = 0;
    calendar.proxy.quirk((forward) => async (request) => {
      if (request.method === 'PUT' && (writes += 1) <= 2)
        await calendar.add(UID, ['DTSTART:20261126T090000Z', 'DURATION:PT45M', `COMMENT:${writes}`]);
      return forward(request);
    });
    const { start } = await schedule();
    // The HR partner had given it that time.
    assert.equal(start, '2026-11-26T09:00:00Z');
    assert.deepEqual(await calendar.interviews(), { [UID]: '2026-11-26T09:00:00.000Z' });
  });

  it('refuses each change with 412, though no other client changes it, is an outage that says so', async () => {
    fault(({ method }) => (method === 'PUT' ? { kind: 'answer', status: 412 } : undefined));
    assert.match(await outage(schedule()), /answers 412 to each change of .* though no other client/);
    assert.equal(calendar.proxy.seen.filter(({ method }) => method === 'PUT').length, 2);
  });
});
