import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { FailureType } from '../../src/exit/failures.js';
import { eventually } from '../support/eventually.js';
import { finalFailure, outage } from '../support/failures.js';
import { DANA, mailer, message } from '../support/message.js';
import { sampleConfig } from '../support/sample-config.js';
import { startScriptedSmtp } from '../support/scripted-smtp.js';
import { addressees, mailServer } from '../support/smtp.js';

const { signal } = new AbortController();

describe('a mail', () => {
  const server = mailServer();

  it('arrives as it was sent, as text and as HTML, under the Message-ID that it was given', async () => {
    await mailer(server.port).send(message(), signal);
    const [mail, ...others] = server.mails;
    assert.equal(others.length, 0);
    assert.equal(mail!.recipient, DANA);
    assert.deepEqual(addressees(mail!), [{ address: DANA, name: 'Dana Fox' }]);
    assert.deepEqual(mail!.from?.value, [
      { address: sampleConfig.mail.from.email, name: sampleConfig.mail.from.name },
    ]);
    assert.equal(mail!.messageId, message().messageId);
    assert.equal(mail!.subject, 'Hello');
    assert.equal(mail!.text, 'In plain words\n');
    assert.match(mail!.html as string, /<p>In HTML<\/p>/);
    assert.equal(mail!.headers.get('auto-submitted'), 'auto-generated');
  });

  it('whose acceptance was lost is sent again under the same Message-ID', async () => {
    server.loseNextAnswer();
    await outage(mailer(server.port).send(message(), signal));
    await mailer(server.port).send(message(), signal);
    assert.deepEqual(
      server.mails.map(({ messageId }) => messageId),
      [message().messageId, message().messageId],
    );
  });

  it('leaves no listener on its abort signal', async () => {
    const attempt = new AbortController();
    await mailer(server.port).send(message(), attempt.signal);
    await eventually('no listener', () =>
      getEventListeners(attempt.signal, 'abort').length === 0 ? true : undefined,
    );
  });

  it('to an invalid address is refused before a connection is made', async () => {
    const quiet = await startScriptedSmtp();
    const bad = [
      '',
      'dana',
      `${DANA}\r\nRCPT TO:<evil@acme.example>`,
      `${DANA}\n`,
      `${DANA}, evil@acme.example`,
    ];
    const injections = [
      `"${DANA}\r\nRCPT TO:<evil"@acme.example`,
      `"a, ${DANA}"@acme.example`,
      `a@b@c.example`,
    ];
    for (const email of [
      ...bad,
      ...injections,
      `<${DANA}>`,
      'dana fox@acme.example',
      `${DANA}\0`,
      `dana\u2028@acme.example`,
    ])
      await finalFailure(FailureType.AddressRefused, mailer(quiet.port).send(message(email), signal));
    assert.deepEqual(quiet.connections(), { open: 0, ever: 0 });
    await quiet.stop();
  });

  for (const [given, sent] of [
    ['dana@müller.example', 'dana@xn--mller-kva.example'],
    ['eva@acme.xn--p1ai', 'eva@acme.xn--p1ai'],
    ['eva@почта.рф', 'eva@xn--80a1acny.xn--p1ai'],
    ...['dev/ops', 'r&d', 'a=b#c', "o'brien", '{x}|y~`z', '"dana fox"'].map((local) => [
      `${local}@acme.example`,
      `${local}@acme.example`,
    ]),
    ['dana.@acme.example', '"dana."@acme.example'],
    ['root@localhost', 'root@localhost'],
  ] as [string, string][])
    it(`to ${given} goes to ${sent}, and its header names that one address`, async () => {
      const { port, heard, stop } = await startScriptedSmtp();
      await mailer(port).send(message(given), signal);
      await stop();
      assert.ok(heard.includes(`RCPT TO:<${sent}>`), heard.join('\n'));
      const header = heard.find((line) => line.startsWith('To: '));
      assert.equal(header?.endsWith(`<${sent}>`), true, header);
    });

  const jürgen = 'jürgen@müller.example';
  it('to a non-ASCII local part goes where the server offers SMTPUTF8 (RFC 6531)', async () => {
    const { port, heard, stop } = await startScriptedSmtp({ EHLO: '250-scripted\r\n250 SMTPUTF8' });
    await mailer(port).send(message(jürgen), signal);
    await stop();
    assert.ok(
      heard.some((line) => /^MAIL FROM:<.*> .*SMTPUTF8/.test(line)),
      heard.join('\n'),
    );
    assert.ok(heard.includes(`RCPT TO:<${jürgen}>`), heard.join('\n'));
  });

  it('to a non-ASCII local part is refused for good where the server does not', async () => {
    const { port, heard, stop } = await startScriptedSmtp();
    const reason = await finalFailure(FailureType.AddressRefused, mailer(port).send(message(jürgen), signal));
    await stop();
    assert.match(reason, /^Mail to jürgen@\S+ .* the server does not offer SMTPUTF8/);
    assert.ok(!heard.some((line) => line.startsWith('MAIL FROM')));
  });
});
