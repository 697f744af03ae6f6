import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { arrangementNote } from '../../src/exit/interview.js';
import { RetryAfter } from '../../src/services/protocols/retry-after.js';
import { HOME } from '../support/calendar.js';
import { finalFailure, outage } from '../support/failures.js';
import { HR, hrAt, memory, readInvitation } from '../support/interview.js';
import { DANA } from '../support/message.js';
import { sampleConfig } from '../support/sample-config.js';
import { mailServer } from '../support/smtp.js';

const FROM = sampleConfig.mail.from.email;

/** Without a calendar: calendar-*.test.ts have the entry. */
describe('the invitation', () => {
  const mail = mailServer();
  const { schedule, reschedule, withdraw } = hrAt(mail);
  const { recipients } = mail;

  it('goes to the employee and to HR, each in a mail of their own that a calendar program reads', async () => {
    const interview = await schedule();
    assert.deepEqual(recipients(), [DANA, HR]);
    for (const each of mail.mails) {
      assert.equal(each.subject, 'Exit interview: Dana Fox');
      assert.equal(each.from?.value[0]?.address, FROM);
      for (const body of [each.text!, each.html as string])
        assert.match(body, /Tuesday,? 24 November 2026, 11:30–12:15 \(Europe\/Berlin\)/);
      const { method, component, event, people } = readInvitation(each);
      assert.equal(method, 'REQUEST');
      assert.equal(event.uid, interview.uid);
      assert.equal(event.sequence, 0);
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

  it('links to the exit in the console for HR alone, in the mail and in its calendar, also after a move or a withdrawal', async () => {
    const consoleUrl = 'https://exits.acme.example';
    const interview = await schedule({ consoleUrl });
    await withdraw(await reschedule(interview, { consoleUrl }), { consoleUrl });
    const link = /The exit in the console: https:\/\/exits\.acme\.example\/exits\/exit-1/;
    for (const to of [DANA, HR]) {
      const mails = mail.to(to);
      assert.equal(mails.length, 3);
      for (const each of mails)
        for (const said of [each.text!, readInvitation(each).event.description])
          assert.equal(link.test(said), to === HR, said);
    }
  });

  it('is sent again when its time passes during an outage: same UID, higher SEQUENCE, new Message-ID', async () => {
    const done = memory();
    mail.refuseWith(450, HR);
    await outage(schedule({ done }));
    mail.refuse(undefined);
    const now = '2026-11-24T15:30:00Z';
    const moved = await schedule({ done, now });
    assert.ok(moved.start > now);
    assert.deepEqual(recipients(), [DANA, DANA, HR]);
    const [first, ...anew] = mail.mails.map((each) => readInvitation(each).event);
    for (const { uid, sequence, startDate } of anew) {
      assert.equal(uid, first!.uid);
      assert.ok(sequence > first!.sequence);
      assert.equal(startDate.toJSDate().getTime(), Date.parse(moved.start));
    }
    assert.equal(new Set(mail.to(DANA).map(({ messageId }) => messageId)).size, 2);
  });

  it('goes once to each recipient while the mailbox of one is retried', async () => {
    const employee = { personalEmail: HOME };
    const counts = () => [DANA, HOME, HR].map((to) => mail.to(to).length);
    const [invited, cancelled] = [memory(), memory()];
    const invite = () => schedule({ employee, done: invited });
    mail.refuseWith(450, DANA);
    for (let attempt = 0; attempt < 2; attempt++) await outage(invite());
    assert.deepEqual(counts(), [0, 1, 1]);
    mail.refuse(undefined);
    const interview = await invite();
    await invite();
    assert.deepEqual(counts(), [1, 1, 1]);

    const cancel = () => withdraw(interview, { employee, done: cancelled });
    mail.refuseWith(450, DANA);
    for (let attempt = 0; attempt < 2; attempt++) await outage(cancel());
    assert.deepEqual(counts(), [1, 2, 2]);
    mail.refuse(undefined);
    await cancel();
    await cancel();
    assert.deepEqual(counts(), [2, 2, 2]);
  });

  it('goes to the good addresses where one is refused or is no address, and the note says which is missing', async () => {
    for (const [personalEmail, note] of [
      [HOME, `invited ${DANA} and ${HR}, not ${HOME}, where the mail was refused`],
      ['dana@', `invited ${DANA} and ${HR}`],
    ] as const) {
      mail.mails.length = 0;
      mail.refuse((to) => (to === HOME ? { code: 550, message: '5.1.1 no such user' } : undefined));
      const interview = await schedule({ employee: { personalEmail } });
      assert.deepEqual(recipients(), [DANA, HR]);
      assert.ok(arrangementNote(interview, undefined).startsWith(`${note}, by working hours`));
    }
  });

  it('gives up no address that is refused for the sender: the others are invited, and a retry sends what is missing', async () => {
    const done = memory();
    mail.refuse((to) => (to === HOME ? { code: 554, message: '5.7.1 not from you' } : undefined));
    const invite = () => schedule({ employee: { personalEmail: HOME }, done });
    assert.match(
      await finalFailure(FailureType.Refused, invite()),
      new RegExp(`Mail to ${HOME} .*not from you`),
    );
    assert.deepEqual(recipients(), [DANA, HR]);
    mail.refuse(undefined);
    await invite();
    assert.deepEqual(recipients(), [DANA, HR, HOME]);
  });

  it('goes out later to an address whose server has reached a limit, and now to the others', async () => {
    const done = memory();
    mail.refuse((to) => (to === DANA ? { code: 554, message: '5.7.0 try again later' } : undefined));
    await assert.rejects(schedule({ employee: { personalEmail: HOME }, done }), RetryAfter);
    assert.deepEqual(recipients(), [HOME, HR]);
    mail.refuse(undefined);
    await schedule({ employee: { personalEmail: HOME }, done });
    assert.deepEqual(recipients(), [HOME, HR, DANA]);
  });

  it('names an unusual address as a calendar program reads it (RFC 6068)', async () => {
    await schedule({ employee: { email: 'a=b#c+d@müller.example' } });
    const [{ addresses }] = mail.mails.map(readInvitation) as [ReturnType<typeof readInvitation>];
    assert.equal(addresses[0], 'mailto:a%3db%23c+d@xn--mller-kva.example');
  });

  it('whose record was lost is derived again and withdrawn', async () => {
    await schedule();
    await withdraw(undefined);
    const [invited, cancelled] = mail.to(DANA).map((each) => readInvitation(each).event);
    assert.equal(cancelled!.uid, invited!.uid);
    assert.ok(cancelled!.sequence > invited!.sequence);
  });

  it('that cannot have gone out needs no withdrawal', async () => {
    for (const asked of [{ employee: { email: undefined } }, { now: '2027-01-29T10:00:00Z' }])
      assert.equal((await withdraw(undefined, asked)).withdrawn, false);
    assert.deepEqual(recipients(), []);
  });
});
