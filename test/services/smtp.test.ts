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
    for (const email of [...bad, `<${DANA}>`, 'dana fox@acme.example', `${DANA}\0`])
      await finalFailure(FailureType.AddressRefused, mailer(quiet.port).send(message(email), signal));
    assert.deepEqual(quiet.connections(), { open: 0, ever: 0 });
    await quiet.stop();
  });
});
