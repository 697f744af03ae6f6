/** The interview goes to another HR partner, or before another last working day. */
import assert from 'node:assert/strict';
import type { HrPartner } from '../../src/services/hr/hr.js';
import { ANNE, anneAndBert, BERT, calendarOfHr } from '../support/calendar.js';
import { outage } from '../support/failures.js';
import { hrAt, memory, partnerWith, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { addEvent, eventsIn, interviewsIn, type Account } from '../support/radicale.js';

describe('@long an interview that is handed over', () => {
  const calendar = calendarOfHr();
  const { mail } = calendar;
  const partners = anneAndBert(calendar);
  let anne: Account;
  let bert: Account;
  beforeEach(() => ({ anne, bert } = partners.accounts));
  const { schedule, reschedule, withdraw } = hrAt(mail, partners.both);
  const handedOver = { successor: BERT, isAsked: false };
  const methodsTo = (recipient: string) => mail.to(recipient).map((each) => readInvitation(each).method);

  it('keeps its time where the successor is free, and goes from one calendar to the other', async () => {
    const first = await schedule();
    const moved = await reschedule(first, handedOver);
    assert.deepEqual([moved.start, moved.hrPartner?.email], [first.start, BERT.email]);
    assert.equal(moved.uid, first.uid);
    assert.ok(moved.sequence > first.sequence);
    assert.deepEqual(await interviewsIn(anne), {});
    assert.deepEqual(Object.keys(await interviewsIn(bert)), [first.uid]);
    assert.deepEqual(methodsTo(DANA), ['REQUEST', 'REQUEST']);
    assert.deepEqual(methodsTo(ANNE.email), ['REQUEST', 'CANCEL']);
    assert.match(mail.to(ANNE.email)[1]!.text!, /will be held by Bert instead of you/);
    assert.deepEqual(methodsTo(BERT.email), ['REQUEST']);
    const [, toDana] = mail.to(DANA);
    assert.equal(toDana!.subject, 'Now with Bert: Exit interview: Dana Fox');
    assert.match(toDana!.text!, /^Bert now holds the exit interview, at the same time: /m);
    const [toBert] = mail.to(BERT.email);
    assert.equal(toBert!.subject, 'Exit interview: Dana Fox');
    assert.match(toBert!.text!, /^You are invited to an exit interview: /m);
    assert.match(String((await eventsIn(bert))[0]!.getFirstPropertyValue('description')), /You are invited/);
    await withdraw(moved);
    assert.deepEqual(await interviewsIn(bert), {});
  });

  for (const [what, oddly] of [
    ['', (): unknown => undefined],
    [
      ', which lists no attendees',
      () =>
        calendar.proxy.quirk((forward) => async (request) => {
          const answer = await forward(request);
          return { ...answer, body: answer.body.replaceAll(/ATTENDEE[^]*?\n(?! )/g, '') };
        }),
    ],
  ] as const)
    it(`keeps its entry in a calendar that both partners share${what}`, async () => {
      const shared = calendar.proxied(anne);
      const both: [HrPartner, HrPartner] = [
        partnerWith(shared, ANNE),
        partnerWith({ ...shared, url: shared.url.replace('http://', 'HTTP://') }, BERT),
      ];
      oddly();
      const first = await schedule({ partners: both });
      const moved = await reschedule(first, { ...handedOver, partners: both });
      assert.deepEqual([moved.start, moved.sequence], [first.start, first.sequence + 1]);
      assert.deepEqual(Object.keys(await interviewsIn(anne)), [first.uid]);
      assert.deepEqual(methodsTo(ANNE.email), ['REQUEST', 'CANCEL']);
      await withdraw(moved, { partners: both });
      assert.deepEqual(await interviewsIn(anne), {});
    });

  it('keeps its entry in a calendar that each partner has under another address, also on another day', async () => {
    const both: [HrPartner, HrPartner] = [partnerWith(anne, ANNE), partnerWith(calendar.proxied(anne), BERT)];
    const late = await schedule({ now: '2026-11-25T10:00:00Z', partners: both });
    const lastWorkingDay = late.start.slice(0, 10);
    const moved = await reschedule(late, { ...handedOver, partners: both, lastWorkingDay });
    assert.ok(moved.start < lastWorkingDay, moved.start);
    assert.deepEqual(await interviewsIn(anne), { [late.uid]: new Date(moved.start).toISOString() });
  });

  it('takes the first free time of a successor who is busy', async () => {
    const first = await schedule();
    await addEvent(bert, 'busy', ['DTSTART:20261124T000000Z', 'DTEND:20261125T235900Z']);
    const moved = await reschedule(first, handedOver);
    assert.ok(moved.start > '2026-11-26', moved.start);
    assert.match(mail.to(DANA)[1]!.text!, /^Bert now holds the exit interview, at a new time: /m);
    assert.deepEqual(await interviewsIn(anne), {});
  });

  it('goes on after an outage at the same time, under the same SEQUENCE, and mails each person once', async () => {
    const first = await schedule();
    const done = memory();
    mail.refuse((to) => (to === BERT.email ? { code: 450, message: 'later' } : undefined));
    await outage(reschedule(first, { ...handedOver, done }));
    mail.refuse(undefined);
    const moved = await reschedule(first, { ...handedOver, done });
    assert.deepEqual([moved.start, moved.sequence], [first.start, first.sequence + 1]);
    assert.equal(mail.to(DANA).length, 2);
    assert.equal(mail.to(BERT.email).length, 1);
  });

  it('goes on after an outage in a calendar that both partners share as well', async () => {
    const both: [HrPartner, HrPartner] = [partnerWith(anne, ANNE), partnerWith(anne, BERT)];
    const first = await schedule({ partners: both });
    const done = memory();
    mail.refuse((to) => (to === BERT.email ? { code: 450, message: 'later' } : undefined));
    await outage(reschedule(first, { ...handedOver, partners: both, done }));
    mail.refuse(undefined);
    const moved = await reschedule(first, { ...handedOver, partners: both, done });
    assert.deepEqual([moved.start, moved.sequence], [first.start, first.sequence + 1]);
    assert.equal(mail.to(DANA).length, 2);
    assert.deepEqual(Object.keys(await interviewsIn(anne)), [first.uid]);
  });

  it('says what is to be done by hand where the former calendar has left the configuration', async () => {
    const first = await schedule();
    const only: [HrPartner] = [partnerWith(bert, BERT)];
    const moved = await reschedule(first, { ...handedOver, partners: only });
    assert.deepEqual(Object.keys(await interviewsIn(bert)), [first.uid]);
    assert.match(moved.faults!.join(), /is in a calendar that left the configuration: remove it there/);
  });

  it('tells the former partner, and what is left to do, where their calendar refuses', async () => {
    const first = await schedule();
    const locked: [HrPartner, HrPartner] = [
      partnerWith({ ...anne, password: 'changed' }, ANNE),
      partnerWith(bert, BERT),
    ];
    const moved = await reschedule(first, { ...handedOver, partners: locked });
    assert.match(moved.faults!.join(), /answered 401 .*: remove the entry .* there/);
    assert.deepEqual(methodsTo(ANNE.email), ['REQUEST', 'CANCEL']);
    assert.deepEqual(methodsTo(BERT.email), ['REQUEST']);
  });

  it('tells the former partner also while their calendar is down, and removes the entry later', async () => {
    const partners: [HrPartner, HrPartner] = [
      partnerWith(calendar.proxied(anne), ANNE),
      partnerWith(bert, BERT),
    ];
    const first = await schedule({ partners });
    const done = memory();
    calendar.proxy.fault(() => ({ kind: 'answer', status: 503 }));
    for (let i = 0; i < 2; i++) {
      await outage(reschedule(first, { ...handedOver, partners, done }));
      assert.deepEqual(methodsTo(ANNE.email), ['REQUEST', 'CANCEL']);
    }
    calendar.proxy.fault(undefined);
    await reschedule(first, { ...handedOver, partners, done });
    assert.deepEqual(await interviewsIn(anne), {});
    assert.deepEqual(methodsTo(ANNE.email), ['REQUEST', 'CANCEL']);
  });

  it('stays where it is while it is before the last working day, and moves to an earlier day where it is not', async () => {
    const late = await schedule({ now: '2026-11-25T10:00:00Z' });
    const { length } = mail.mails;
    assert.deepEqual(await reschedule(late, { isAsked: false, lastWorkingDay: '2026-12-20' }), late);
    assert.equal(mail.mails.length, length);
    const moved = await reschedule(late, { isAsked: false, lastWorkingDay: late.start.slice(0, 10) });
    assert.ok(moved.start < late.start.slice(0, 10), moved.start);
  });
});
