import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import type { Mailer } from '../../src/services/protocols/smtp.js';
import { eventually } from '../support/eventually.js';
import { finalFailure, outage } from '../support/failures.js';
import { mailer, message } from '../support/message.js';
import { startScriptedSmtp, type Script, type ScriptedSmtp } from '../support/scripted-smtp.js';

const { signal } = new AbortController();

describe('a session with a mail server', () => {
  let server: ScriptedSmtp;
  let post: Mailer;
  const scripted = async (script: Script = {}, requestTimeoutMs = 5000): Promise<void> => {
    server = await startScriptedSmtp(script);
    post = mailer(server.port, { requestTimeoutMs });
  };
  const send = (): Promise<void> => post.send(message(), signal);
  const count = (words: string): number => server.heard.filter((line) => line.startsWith(words)).length;
  afterEach(() => server.stop());

  it('serves one mail after another, and logs in once', async () => {
    server = await startScriptedSmtp({ AUTH: '235 welcome' });
    post = mailer(server.port, { user: 'ems', password: 'secret' });
    for (let i = 0; i < 3; i += 1) await send();
    assert.deepEqual(server.connections(), { open: 1, ever: 1 });
    assert.deepEqual([count('AUTH'), count('DATA')], [1, 3]);
  });

  it('serves one mail at a time', async () => {
    await scripted();
    await Promise.all([send(), send()]);
    assert.equal(server.connections().ever, 2);
    await Promise.all([send(), send()]);
    assert.equal(server.connections().ever, 2);
  });

  it('ends after the request timeout without a mail', async () => {
    await scripted({}, 100);
    await send();
    await eventually('the end of the session', () => (server.connections().open === 0 ? true : undefined));
    await send();
    assert.equal(server.connections().ever, 2);
  });

  it('that its server has ended is replaced, and the mail goes out once', async () => {
    await scripted();
    await send();
    server.hangUp();
    await send();
    assert.deepEqual([server.connections().ever, count('DATA')], [2, 2]);
  });

  for (const [words, answer] of [
    ['MAIL FROM', '421 too many mails in one session'],
    ['MAIL FROM', '550 5.7.1 no more from you'],
    ['RCPT TO', '550 5.1.1 no such user'],
    ['DATA', '451 later'],
  ] as const)
    it(`in which the server has taken a mail, and then answers "${answer}" to ${words}, is replaced`, async () => {
      await scripted();
      await send();
      server.script({ [words]: answer }, 'those of now');
      await send();
      assert.equal(server.connections().ever, 2);
    });

  it('that is refused anew is refused: the server has the last word', async () => {
    await scripted();
    await send();
    server.script({ 'RCPT TO': '550 5.1.1 no such user' });
    await finalFailure(FailureType.AddressRefused, send());
    assert.equal(count('RCPT TO'), 3);
  });

  it('that breaks after the final `.` is not replaced: the server may have taken the mail', async () => {
    await scripted();
    await send();
    server.script({ '.': 'hang up' });
    await outage(send());
    assert.equal(server.connections().ever, 1);
  });

  it('is closed at once where the attempt is cancelled before the final `.`, and is not replaced', async () => {
    await scripted({}, 600_000);
    await send();
    server.script({ 'RCPT TO': null });
    const attempt = new AbortController();
    const sending = outage(post.send(message(), attempt.signal));
    await eventually('the second RCPT TO', () => (count('RCPT TO') === 2 ? true : undefined));
    attempt.abort();
    await sending;
    await eventually('the end of the session', () => (server.connections().open === 0 ? true : undefined));
    assert.equal(server.connections().ever, 1);
  });

  it('outlives the attempt that was cancelled after the final `.`', async () => {
    await scripted({ '.': null });
    const attempt = new AbortController();
    const sending = post.send(message(), attempt.signal);
    await eventually('the whole text', () => (count('.') === 1 ? true : undefined));
    attempt.abort();
    server.script({ '.': '250 taken' });
    server.answer('250 taken');
    await sending;
    await send();
    assert.equal(server.connections().ever, 1);
  });
});
