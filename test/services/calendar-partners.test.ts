/** Several HR partners: the first who has time. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { ANNE, anneAndBert, AWAY, BERT, calendarOfHr } from '../support/calendar.js';
import { finalFailure, outage } from '../support/failures.js';
import { hrAt, partnerWith, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { addEvent, interviewsIn, type Account } from '../support/radicale.js';

describe('@long of several HR partners', () => {
  const calendar = calendarOfHr();
  const { mail } = calendar;
  const partners = anneAndBert(calendar);
  let anne: Account;
  let bert: Account;
  beforeEach(() => ({ anne, bert } = partners.accounts));
  const { schedule } = hrAt(mail, partners.both);

  it('the first one with a free slot is taken, though another has an earlier one', async () => {
    await addEvent(anne, 'busy', ['DTSTART:20261124T080000Z', 'DTEND:20261127T180000Z']);
    const interview = await schedule();
    assert.deepEqual(interview.hrPartner, ANNE);
    assert.equal(interview.start, '2026-11-30T08:00:00Z');
    assert.deepEqual(await interviewsIn(bert), {});
  });

  it('the next one is taken when the first has no time', async () => {
    await addEvent(anne, 'away', AWAY);
    const interview = await schedule();
    assert.deepEqual(interview.hrPartner, BERT);
    assert.deepEqual(Object.keys(await interviewsIn(bert)), [interview.uid]);
    assert.deepEqual(mail.recipients(), [DANA, BERT.email]);
    assert.match(mail.to(DANA)[0]!.text!, /write to Bert, bert@acme\.example/);
  });

  it('none is taken when all are busy, and the failure names each of them', async () => {
    for (const account of [anne, bert]) await addEvent(account, 'away', AWAY);
    const message = await finalFailure(FailureType.NoInterviewSlot, schedule());
    assert.match(message, /taken in the calendar of Anne and the calendar of Bert/);
  });

  it('none is passed over because of an outage', async () => {
    const down = partnerWith({ ...anne, url: 'http://127.0.0.1:2/calendar' }, ANNE);
    const message = await outage(schedule({ partners: [down, partners.both()[1]] }));
    assert.match(message, /the calendar of Anne cannot be reached/);
    assert.deepEqual(await interviewsIn(bert), {});
  });

  it('the one who has the entry of an earlier attempt keeps it', async () => {
    await addEvent(anne, 'away', AWAY);
    mail.refuseWith(450);
    await outage(schedule());
    mail.refuse(undefined);
    // Anne has time again.
    anne = await calendar.another('hr');
    assert.deepEqual((await schedule()).hrPartner, BERT);
  });

  it('one without a calendar is proposed by working hours, and the invitation says so', async () => {
    const interview = await schedule({ partners: [{ contact: ANNE }, partners.both()[1]] });
    assert.deepEqual(interview.hrPartner, ANNE);
    assert.equal(interview.calendarUrl, undefined);
    for (const one of mail.mails) {
      const said = /proposed by working hours only, without a calendar/;
      assert.match(one.text!, said);
      assert.match(String(readInvitation(one).component.getFirstPropertyValue('description')), said);
    }
    mail.mails.length = 0;
    await schedule();
    assert.doesNotMatch(mail.to(DANA)[0]!.text!, /not looked at/);
  });
});
