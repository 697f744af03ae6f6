import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { FailureType } from '../../src/exit/failures.js';
import { setDeadline } from '../../src/services/protocols/commit-point.js';
import { eventually } from '../support/eventually.js';
import { finalFailure, outage } from '../support/failures.js';
import { mailer, message } from '../support/message.js';
import { startScriptedSmtp, type Script, type ScriptedSmtp } from '../support/scripted-smtp.js';

const PASSWORD = 'correct horse battery staple';
const ENCODED = [PASSWORD, `\0ems\0${PASSWORD}`].map((text) => Buffer.from(text).toString('base64'));
const { signal } = new AbortController();

describe('a mail server', () => {
  let server: ScriptedSmtp | undefined;
  const scripted = async (script: Script = {}): Promise<ScriptedSmtp> =>
    (server = await startScriptedSmtp(script));
  afterEach(() => server?.stop());

  it('that is down causes an outage that names it', async () => {
    const { port, stop } = await startScriptedSmtp();
    await stop();
    assert.match(
      await outage(mailer(port).send(message(), signal)),
      new RegExp(`127\\.0\\.0\\.1:${port} did not go out: .*ECONNREFUSED`),
    );
  });

  const { Refused, AddressRefused } = FailureType;
  const refusals: [words: string, answer: string, failure?: FailureType][] = [
    ['greeting', '421 too busy'],
    ['greeting', '554 no mail here', Refused],
    ['MAIL FROM', '451 later'],
    ['MAIL FROM', '550 not from you', Refused],
    ...[421, 450, 451, 452].map((code): [string, string] => ['RCPT TO', `${code} come back later`]),
    ['RCPT TO', '550 no such mailbox', AddressRefused],
    ['.', '452 disk full'],
    ['.', '554 looks like spam', Refused],
  ];
  for (const [words, answer, failure] of refusals)
    it(`that answers "${answer}" to ${words} is ${failure ? 'not ' : ''}retried, and the failure names the recipient and the answer`, async () => {
      const sending = mailer((await scripted({ [words]: answer })).port).send(message(), signal);
      const reason = await (failure ? finalFailure(failure, sending) : outage(sending));
      assert.match(
        reason,
        /^Mail to dana\.fox@acme\.example through 127\.0\.0\.1:\d+ (did not go out|was refused): /,
      );
      assert.ok(reason.includes(answer), reason);
    });

  for (const words of ['greeting', 'EHLO', 'RCPT TO', '.']) {
    it(`that hangs at ${words} is abandoned after the request timeout`, async () => {
      const { port } = await scripted({ [words]: null });
      await outage(mailer(port, { requestTimeoutMs: 200 }).send(message(), signal));
      await closed();
    });

    // The final `.` of DATA commits (RFC 5321 §4.1.1.4): after it, the reply is always read.
    if (words === '.') continue;
    it(`that hangs at ${words} is abandoned as soon as the attempt is cancelled`, async () => {
      const { port, heard, connections } = await scripted({ [words]: null });
      const attempt = new AbortController();
      const sending = outage(mailer(port, { requestTimeoutMs: 600_000 }).send(message(), attempt.signal));
      await eventually('the conversation to hang', () =>
        connections().open > 0 && (words === 'greeting' || heard.some((line) => line.startsWith(words)))
          ? true
          : undefined,
      );
      attempt.abort();
      // The time for a request would be too long for a test.
      await sending;
      await closed();
    });
  }

  it('that has the whole text is read to its reply although the attempt is cancelled', async () => {
    const { port, heard, answer } = await scripted({ '.': null });
    const attempt = new AbortController();
    const sending = mailer(port, { requestTimeoutMs: 60_000 }).send(message(), attempt.signal);
    await eventually('the whole text', () => (heard.includes('.') ? true : undefined));
    attempt.abort();
    answer('250 taken');
    await sending;
  });

  it('gets no final `.` from an attempt with too little time left for the reply', async () => {
    const { port, heard } = await scripted();
    const attempt = new AbortController();
    let msLeft = 60_000;
    setDeadline(attempt.signal, () => msLeft);
    await mailer(port, { requestTimeoutMs: 5_000 }).send(message(), attempt.signal);
    assert.equal(heard.filter((line) => line === '.').length, 1);
    msLeft = 4_999;
    const late = mailer(port, { requestTimeoutMs: 5_000 }).send(message(), attempt.signal);
    assert.match(await outage(late), /another process may take the step over/);
    await closed();
    assert.equal(heard.filter((line) => line === 'DATA').length, 2);
    assert.equal(heard.filter((line) => line === '.').length, 1);
  });

  it('gets no connection from an attempt that was cancelled before', async () => {
    const { port, connections } = await scripted();
    await outage(mailer(port).send(message(), AbortSignal.abort()));
    assert.equal(connections().ever, 0);
  });

  const account = { user: 'ems', password: PASSWORD };
  const echo = `${PASSWORD} ${ENCODED.join(' ')}`;
  for (const [answer, failure] of [
    ['535 wrong password', FailureType.Refused],
    ['454 temporary authentication failure', undefined],
  ] as const)
    it(`that answers "${answer}" is ${failure ? 'not ' : ''}retried, and the failure does not show the password`, async () => {
      const { port, heard } = await scripted({ AUTH: `${answer} ${echo}` });
      const sending = mailer(port, account).send(message(), signal);
      const reason = await (failure ? finalFailure(failure, sending) : outage(sending));
      if (failure) assert.match(reason, /the server rejects the user or password \(535\)/);
      assert.ok(heard.includes(`AUTH PLAIN ${ENCODED[1]}`), 'it was sent');
      assertSecret(await sending.catch((error: unknown) => error));
    });

  for (const tls of [true, false]) {
    it(`whose certificate is not trusted gets no password and no mail (${tls ? 'TLS' : 'STARTTLS'})`, async () => {
      let heard = 0;
      const hear = (): void => {
        heard += 1;
      };
      const impostor = new SMTPServer({ secure: tls, onAuth: hear, onMailFrom: hear, onData: hear });
      impostor.on('error', () => undefined);
      impostor.listen(0, '127.0.0.1');
      await once(impostor.server, 'listening');
      const { port } = impostor.server.address() as AddressInfo;
      assert.match(await outage(mailer(port, { tls, ...account }).send(message(), signal)), /certificate/);
      assert.equal(heard, 0);
      await new Promise<void>((resolve) => impostor.close(resolve));
    });
  }

  const closed = () =>
    eventually('the connection to be closed', () => (server!.connections().open === 0 ? true : undefined));
});

function assertSecret(error: unknown): void {
  const everything = inspect(error, { depth: 10, showHidden: true });
  for (const secret of [PASSWORD, ...ENCODED]) assert.ok(!everything.includes(secret), everything);
}
