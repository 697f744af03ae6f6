import assert from 'node:assert/strict';
import { tellingOf, type Employee } from '../../src/exit/people.js';
import { Failures } from '../../src/services/mails/failures-by-address.js';
import { RetryAfter } from '../../src/services/protocols/retry-after.js';
import { FailureType } from '../../src/exit/failures.js';
import { errorOf, finalFailure, outage } from '../support/failures.js';
import { readHtml } from '../support/html.js';
import { addressesOf, DANA, deliveries } from '../support/message.js';
import { about, HR_PARTNER, reviewBy, serviceAt } from '../support/notification.js';
import { sampleConfig } from '../support/sample-config.js';
import { mailServer } from '../support/smtp.js';

const { operator } = sampleConfig.contacts;
const HOME = 'dana@home.example';
const { signal } = new AbortController();

describe('the employee', () => {
  const server = mailServer();

  const answersTo = (changes: Partial<Employee> = {}, delivered = deliveries()) =>
    serviceAt(server.port).notifyEmployee({ ...about(changes), reviewBy }, delivered, signal);
  const tell = async (...args: Parameters<typeof answersTo>) => tellingOf(await answersTo(...args)).sent;
  const { recipients } = server;

  it('is told what is being blocked, why, until when, and whom to ask', async () => {
    const sent = await tell();
    const [mail] = server.mails;
    assert.deepEqual(sent, [{ to: DANA, messageId: mail!.messageId }]);
    assert.equal(mail!.subject, 'Your access is being blocked for now');
    for (const part of [
      'Dear Dana Fox,',
      'Your resignation was recorded on 23 November 2026.',
      'Your access to payroll, code and production is being blocked until the decision on your exit is final.',
      'until HR has decided, which is to happen by 28 November 2026. If you stay, what the block took is given back, as far as each system allows.',
      `${HR_PARTNER.name}, ${HR_PARTNER.email}`,
      `${operator.name}, ${operator.email}`,
    ])
      assert.ok(mail!.text!.includes(part), part);
  });

  it('is told no date for the decision where there is none', async () => {
    await serviceAt(server.port).notifyEmployee(about(), deliveries(), signal);
    assert.match(server.mails[0]!.text!, /The block lasts until HR has decided\. If you stay/);
  });

  it('is told in their own language, or in English where it has no templates', async () => {
    const languages = [
      ['de-DE', 'de'],
      ['de-Latn-AT', 'de'],
      ['DE', 'de'],
      ['de, en;q=0.5', 'de'],
      ['fr-CA, de;q=0.8, en;q=0.5', 'de'],
      ['en;q=0.5, de', 'de'],
      ['en-US', 'en'],
      ['fr-CA', 'en'],
      ['de;q=0', 'en'],
      ['den', 'en'],
      [undefined, 'en'],
      ...['', '*', '../de', 'constructor', '; , ;q=;', '\0\r\nde'].map((rubbish) => [rubbish, 'en']),
    ] as [string | undefined, string][];
    for (const [language, used] of languages) {
      server.mails.length = 0;
      await tell({ language });
      const { subject, html } = server.mails[0]!;
      assert.equal(
        subject,
        used === 'de' ? 'Ihr Zugang wird vorläufig gesperrt' : 'Your access is being blocked for now',
        language,
      );
      assert.equal(readHtml(html as string).elements[0], `html lang=${used}`, language);
    }
  });

  it('is told at the private address too, since the hold may have closed the mailbox', async () => {
    const sent = await tell({ personalEmail: HOME });
    assert.deepEqual(recipients(), [DANA, HOME]);
    assert.deepEqual(
      sent,
      server.mails.map(({ recipient, messageId }) => ({ to: recipient, messageId })),
    );
    assert.equal(new Set(sent.map(({ messageId }) => messageId)).size, 2);
  });

  it('gets one mail where both addresses are the same, or only one exists', async () => {
    await tell({ personalEmail: DANA.toUpperCase() });
    await tell({ email: undefined, personalEmail: HOME });
    assert.deepEqual(recipients(), [DANA, HOME]);
  });

  it('gets no second mail at one address while the other is retried', async () => {
    const delivered = deliveries();
    server.refuseWith(450, DANA);
    await outage(tell({ personalEmail: HOME }, delivered));
    server.refuseWith(450, HOME);
    const sent = await tell({ personalEmail: HOME }, delivered);
    assert.deepEqual(recipients(), [HOME, DANA]);
    assert.deepEqual(addressesOf(sent), [DANA, HOME]);
  });

  it('is told when one address accepts the mail; the step fails for good when none does', async () => {
    server.refuseWith(550, DANA);
    const sent = await tell({ personalEmail: HOME });
    assert.deepEqual(addressesOf(sent), [HOME]);
    server.refuseWith(550, DANA, HOME);
    const reason = await finalFailure(FailureType.AddressRefused, tell({ personalEmail: HOME }));
    for (const address of [DANA, HOME]) assert.ok(reason.includes(address), reason);
  });

  it('is told at the good address; the step says why the other one got no mail', async () => {
    server.refuseWith(550, HOME);
    for (const [personalEmail, why] of [
      [HOME, /^Mail to dana@home\.example .* was refused: 550 not you/],
      ['dana fox@home.example', /^"dana fox@home\.example", the mail address of Dana Fox, is not valid/],
    ] as const) {
      server.mails.length = 0;
      const { sent, notes } = tellingOf(await answersTo({ personalEmail }));
      assert.deepEqual(addressesOf(sent), [DANA]);
      assert.deepEqual(recipients(), [DANA]);
      assert.equal(notes.length, 1);
      assert.match(notes[0]!, why);
    }
  });

  it('is told at the private address later where its server has reached a limit', async () => {
    const delivered = deliveries();
    server.refuse((to) => (to === HOME ? { code: 550, message: '5.4.5 daily quota' } : undefined));
    await assert.rejects(tell({ personalEmail: HOME }, delivered), RetryAfter);
    server.refuse(undefined);
    await tell({ personalEmail: HOME }, delivered);
    assert.deepEqual(recipients(), [DANA, HOME]);
  });

  it('is told by the longest pause where one address has reached a limit and the other is down', async () => {
    server.refuse((to) =>
      to === HOME ? { code: 550, message: '5.4.5 daily quota' } : { code: 451, message: 'down' },
    );
    const error = await errorOf(tell({ personalEmail: HOME }));
    assert.ok(error instanceof RetryAfter, error.message);
    for (const words of [DANA, '451 down', HOME, 'daily quota', 'the next attempt waits until 20'])
      assert.ok(error.message.includes(words), error.message);
  });

  it('waits as long as the longest of several limits', () => {
    const failures = new Failures();
    for (const ms of [1_000, 900_000, 60_000]) failures.add(new RetryAfter(`${ms}`, ms));
    assert.throws(
      () => failures.throwOthers(),
      (error) => error instanceof RetryAfter && error.afterMs === 900_000,
    );
  });

  it('asks for the operator where one address is refused for the sender; a retry sends what is missing', async () => {
    const delivered = deliveries();
    server.refuse((to) =>
      to === HOME
        ? { code: 553, message: '5.7.1 Sender address rejected: not owned by user ems' }
        : undefined,
    );
    const reason = await finalFailure(FailureType.Refused, tell({ personalEmail: HOME }, delivered));
    assert.match(
      reason,
      /^Mail to dana@home\.example .*not owned by user ems\. The server does not say that the address/,
    );
    server.refuse(undefined);
    await tell({ personalEmail: HOME }, delivered);
    assert.deepEqual(recipients(), [DANA, HOME]);
  });

  it('without an address makes the step fail for good, with who it is and what to do', async () => {
    for (const email of [undefined, '']) {
      const reason = await finalFailure(FailureType.AddressRefused, tell({ email }));
      assert.match(
        reason,
        /no mail address for Dana Fox \(E-1002\): tell them by hand, or add one and retry/,
      );
    }
    assert.equal(server.mails.length, 0);
  });
});
