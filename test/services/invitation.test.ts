import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { finalFailure, outage } from '../support/failures.js';
import { about, HR, hrAt, memory, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { sampleConfig } from '../support/sample-config.js';
import { startMailServer, type MailServer } from '../support/smtp.js';

const FROM = sampleConfig.mail.from.email;
const { signal } = new AbortController();

describe('the invitation', () => {
  let server: MailServer;
  before(async () => {
    server = await startMailServer();
  });
  beforeEach(() => {
    server.mails.length = 0;
    server.refuse(undefined);
  });
  after(() => server.stop());

  it('goes to the employee and to HR, each in a mail of their own', async () => {
    await hrAt(server.port).scheduleInterview(about(), memory(), signal);
    assert.deepEqual(
      server.mails.map(({ recipient }) => recipient),
      [DANA, HR],
    );
    const [mail] = server.to(DANA);
    assert.equal(mail!.subject, 'Exit interview: Dana Fox');
    assert.equal(mail!.from?.value[0]?.address, FROM);
    for (const body of [mail!.text!, mail!.html as string])
      assert.match(body, /Tuesday,? 24 November 2026, 11:30–12:15 \(Europe\/Berlin\)/);
  });

  it('is an iTIP request that a calendar program reads', async () => {
    const interview = await hrAt(server.port).scheduleInterview(about(), memory(), signal);
    for (const mail of server.mails) {
      const { method, component, event, people } = readInvitation(mail);
      assert.equal(method, 'REQUEST');
      assert.equal(event.uid, interview.uid);
      assert.equal(component.getFirstPropertyValue('sequence'), 0);
      assert.equal(component.getFirstPropertyValue('status'), 'CONFIRMED');
      assert.equal(event.organizer, `mailto:${FROM}`);
      assert.deepEqual(people, [
        { name: 'Dana Fox', address: `mailto:${DANA}` },
        { name: sampleConfig.contacts.hrPartners[0].name, address: `mailto:${HR}` },
      ]);
      assert.equal(event.startDate.toJSDate().toISOString(), '2026-11-24T10:30:00.000Z');
      assert.equal(event.endDate.toJSDate().toISOString(), '2026-11-24T11:15:00.000Z');
    }
  });

  it('is withdrawn under the same UID with a higher SEQUENCE (RFC 5546 §2.1.4)', async () => {
    const hr = hrAt(server.port);
    const interview = await hr.scheduleInterview(about(), memory(), signal);
    const { withdrawn } = await hr.cancelInterview({ ...about(), interview }, memory(), signal);
    assert.equal(withdrawn, true);
    for (const recipient of [DANA, HR]) {
      const [invited, cancelled] = server.to(recipient).map(readInvitation);
      assert.equal(cancelled!.method, 'CANCEL');
      assert.equal(cancelled!.component.getFirstPropertyValue('status'), 'CANCELLED');
      assert.equal(cancelled!.event.uid, invited!.event.uid);
      assert.equal(cancelled!.event.organizer, invited!.event.organizer);
      assert.deepEqual(cancelled!.people, invited!.people);
      assert.ok(cancelled!.event.sequence > invited!.event.sequence);
      const [before, after] = server.to(recipient);
      assert.notEqual(after!.messageId, before!.messageId, 'a receiver would drop the second');
      assert.match(after!.subject!, /^Cancelled: /);
    }
  });

  it('for a time that passed during an outage is sent anew: same UID, higher SEQUENCE, another Message-ID', async () => {
    const done = memory();
    server.refuse((recipient) => (recipient === HR ? { code: 450, message: 'later' } : undefined));
    await outage(hrAt(server.port).scheduleInterview(about(), done, signal));
    server.refuse(undefined);
    const now = '2026-11-24T15:30:00Z';
    const moved = await hrAt(server.port, now).scheduleInterview(about(), done, signal);
    assert.ok(moved.start > now);
    const [first, second] = server.to(DANA).map(readInvitation);
    assert.equal(second!.event.uid, first!.event.uid);
    assert.ok(second!.event.sequence > first!.event.sequence);
    assert.equal(server.to(HR).length, 1);
    assert.deepEqual(
      server.mails.slice(1).map((mail) => readInvitation(mail).event.startDate.toJSDate().toISOString()),
      Array(2).fill(new Date(moved.start).toISOString()),
    );
    assert.equal(new Set(server.to(DANA).map(({ messageId }) => messageId)).size, 2);
  });

  it('is not sent again to whom it was delivered', async () => {
    const done = memory();
    server.refuse((recipient) => (recipient === HR ? { code: 450, message: 'later' } : undefined));
    await outage(hrAt(server.port).scheduleInterview(about(), done, signal));
    await outage(hrAt(server.port).scheduleInterview(about(), done, signal));
    server.refuse(undefined);
    const interview = await hrAt(server.port).scheduleInterview(about(), done, signal);
    await hrAt(server.port).scheduleInterview(about(), done, signal);
    assert.deepEqual([server.to(DANA).length, server.to(HR).length], [1, 1]);
    await hrAt(server.port).cancelInterview({ ...about(), interview }, done, signal);
    await hrAt(server.port).cancelInterview({ ...about(), interview }, done, signal);
    assert.deepEqual([server.to(DANA).length, server.to(HR).length], [2, 2]);
  });

  it('goes to everybody else while one mailbox, closed by the hold perhaps, has to be tried again', async () => {
    const personalEmail = 'dana@home.example';
    const [invited, cancelled] = [memory(), memory()];
    const blocked = (isBlocked: boolean) =>
      server.refuse((to) => (isBlocked && to === DANA ? { code: 450, message: 'disabled' } : undefined));
    const counts = () => [DANA, personalEmail, HR].map((to) => server.to(to).length);
    const hr = hrAt(server.port);
    const withHome = about({ personalEmail });

    blocked(true);
    await outage(hr.scheduleInterview(withHome, invited, signal));
    assert.deepEqual(counts(), [0, 1, 1]);
    blocked(false);
    const interview = await hr.scheduleInterview(withHome, invited, signal);
    assert.deepEqual(counts(), [1, 1, 1]);

    blocked(true);
    await outage(hr.cancelInterview({ ...withHome, interview }, cancelled, signal));
    assert.deepEqual(counts(), [1, 2, 2]);
    blocked(false);
    await hr.cancelInterview({ ...withHome, interview }, cancelled, signal);
    assert.deepEqual(counts(), [2, 2, 2]);
  });

  it('is not withdrawn once the interview had begun', async () => {
    const interview = await hrAt(server.port).scheduleInterview(about(), memory(), signal);
    const withdrawal = await hrAt(server.port, interview.start).cancelInterview(
      { ...about(), interview },
      memory(),
      signal,
    );
    assert.deepEqual(withdrawal, { withdrawn: false, note: 'the interview had already begun' });
    assert.equal(server.mails.length, 2, 'the invitations');
  });

  it('of which nobody knows whether it went out is worked out again and withdrawn', async () => {
    const interview = await hrAt(server.port).scheduleInterview(about(), memory(), signal);
    await hrAt(server.port).cancelInterview(about(), memory(), signal);
    const [invited, cancelled] = server.to(DANA).map(readInvitation);
    assert.equal(cancelled!.event.uid, interview.uid);
    assert.ok(cancelled!.event.sequence > invited!.event.sequence);
  });

  it('that cannot have gone out needs no withdrawing', async () => {
    const nobody = about({ email: undefined });
    const late = hrAt(server.port, '2027-01-29T10:00:00Z');
    for (const withdrawal of [
      await hrAt(server.port).cancelInterview(nobody, memory(), signal),
      await late.cancelInterview(about(), memory(), signal),
    ])
      assert.equal(withdrawal.withdrawn, false);
    assert.equal(server.mails.length, 0);
  });

  it('of somebody without a usable address is a final failure, and nobody else is invited', async () => {
    for (const email of [undefined, '', `${DANA}\r\nATTENDEE:mailto:evil@acme.example`]) {
      const message = await finalFailure(
        FailureType.AddressRefused,
        hrAt(server.port).scheduleInterview(about({ email }), memory(), signal),
      );
      assert.match(message, /Dana Fox/);
    }
    assert.equal(server.mails.length, 0);
  });
});
