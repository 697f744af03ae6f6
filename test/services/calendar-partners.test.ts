/** Several HR partners: the first who has time. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import type { HrPartner } from '../../src/services/hr/hr.js';
import { finalFailure, outage } from '../support/failures.js';
import { about, hrAt, memory, openedAt, partnerWith, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import {
  addEvent,
  interviewsIn,
  startRadicale,
  type Account,
  type CalendarServer,
} from '../support/radicale.js';
import { startMailServer, type MailServer } from '../support/smtp.js';

const { signal } = new AbortController();
const ANNE = { name: 'Anne', email: 'anne@acme.example' };
const BERT = { name: 'Bert', email: 'bert@acme.example' };
const AWAY = ['DTSTART;VALUE=DATE:20261120', 'DTEND;VALUE=DATE:20261210'];

describe('of several HR partners', () => {
  let mail: MailServer;
  let server: CalendarServer;
  let anne: Account;
  let bert: Account;
  before(async () => {
    [mail, server] = await Promise.all([startMailServer(), startRadicale()]);
  });
  beforeEach(async () => {
    mail.mails.length = 0;
    mail.refuse(undefined);
    [anne, bert] = [await server.calendar('hr'), await server.calendar('hr-two')];
  });
  after(() => Promise.all([mail.stop(), server.stop()]));

  const both = (): [HrPartner, HrPartner] => [partnerWith(anne, ANNE), partnerWith(bert, BERT)];
  const hr = (partners = both(), now = openedAt) => hrAt(mail.port, now, { partners });

  it('the first one who has time at all is taken, though another has time earlier', async () => {
    await addEvent(anne, 'busy', ['DTSTART:20261124T080000Z', 'DTEND:20261127T180000Z']);
    const interview = await hr().scheduleInterview(about(), memory(), signal);
    assert.deepEqual(interview.hrPartner, ANNE);
    assert.equal(interview.start, '2026-11-30T08:00:00Z');
    assert.deepEqual(await interviewsIn(bert), {});
  });

  it('the next one is taken when the first has no time', async () => {
    await addEvent(anne, 'away', AWAY);
    const interview = await hr().scheduleInterview(about(), memory(), signal);
    assert.deepEqual(interview.hrPartner, BERT);
    assert.deepEqual(Object.keys(await interviewsIn(bert)), [interview.uid]);
    assert.deepEqual(
      mail.mails.map(({ recipient }) => recipient),
      [DANA, BERT.email],
    );
    assert.match(mail.to(DANA)[0]!.text!, /write to Bert, bert@acme\.example/);
  });

  it('nobody is taken when none has time, and all who were asked are named', async () => {
    await addEvent(anne, 'away', AWAY);
    await addEvent(bert, 'away', AWAY);
    const message = await finalFailure(
      FailureType.NoInterviewSlot,
      hr().scheduleInterview(about(), memory(), signal),
    );
    assert.match(message, /taken in the calendar of Anne and the calendar of Bert/);
  });

  it('none is passed over because of an outage', async () => {
    const down = partnerWith({ ...anne, url: 'http://127.0.0.1:1/calendar' }, ANNE);
    const message = await outage(hr([down, both()[1]]).scheduleInterview(about(), memory(), signal));
    assert.match(message, /the calendar of Anne cannot be reached/);
    assert.deepEqual(await interviewsIn(bert), {});
  });

  it('the one who has the entry of an earlier attempt keeps it', async () => {
    await addEvent(anne, 'away', AWAY);
    mail.refuse(() => ({ code: 450, message: 'later' }));
    await outage(hr().scheduleInterview(about(), memory(), signal));
    mail.refuse(undefined);
    const [first, second] = both();
    // Anne has time again.
    const free = partnerWith(await server.calendar('hr'), ANNE);
    const interview = await hr([free, second]).scheduleInterview(about(), memory(), signal);
    assert.deepEqual(interview.hrPartner, BERT);
    assert.notEqual(first, free);
  });

  it('one without a calendar is proposed by working hours, and the invitation says so', async () => {
    const interview = await hr([{ contact: ANNE }, both()[1]]).scheduleInterview(about(), memory(), signal);
    assert.deepEqual(interview.hrPartner, ANNE);
    assert.equal(interview.calendarUrl, undefined);
    for (const one of mail.mails) {
      const said = /proposed by working hours alone; no calendar was looked at/;
      assert.match(one.text!, said);
      assert.match(String(readInvitation(one).component.getFirstPropertyValue('description')), said);
    }
    mail.mails.length = 0;
    await hr().scheduleInterview(about(), memory(), signal);
    assert.doesNotMatch(mail.to(DANA)[0]!.text!, /not looked at/);
  });
});
