import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { FailureType, FinalFailure } from '../../src/exit/failures.js';
import { setDeadline } from '../../src/services/protocols/commit-point.js';
import { RetryAfter } from '../../src/services/protocols/retry-after.js';
import { eventually } from '../support/eventually.js';
import { finalFailure, outage } from '../support/failures.js';
import { LIMIT_PAUSE_MS, mailer, message } from '../support/message.js';
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

  const limits: [words: string, answer: string][] = [
    ['greeting', '554 5.7.1 too many connections from your host, try again later'],
    ['AUTH', '535 5.7.0 too many failed logins, try again later'],
    ['MAIL FROM', '550 5.4.5 Daily user sending limit exceeded'],
    [
      'MAIL FROM',
      "550 5.1.90 Your message can't be sent because you've reached your daily limit for recipients",
    ],
    ['RCPT TO', '550 5.4.5 daily quota'],
    ['RCPT TO', '550-5.4.5 Daily sending quota\r\n550 5.4.5 exceeded'],
    ['RCPT TO', '450 4.2.1 The user is receiving mail at a rate that prevents additional messages'],
    ['RCPT TO', '452 4.5.3 Too many recipients'],
    ['RCPT TO', '452 4.2.2 Mailbox full'],
    ['RCPT TO', '550 #5.2.2 mailbox full'],
    ['RCPT TO', '553 sorry, user over quota. (#5.1.1)'],
    ['RCPT TO', '550 5.1.1 <dana>: mailbox is full'],
    ['RCPT TO', '550 5.2.1 <dana>: mail box is full'],
    ['RCPT TO', '550 User has exhausted allowed storage space.'],
    ['RCPT TO', '550 not enough storage space in recipient mailbox'],
    ['RCPT TO', "550 the user's space has been used up"],
    ['RCPT TO', '550 mailfolder is full'],
    ['RCPT TO', '550 Recipient address rejected: unverified address: connection timed out'],
    ['RCPT TO', '550 unable to verify user, database down'],
    ['RCPT TO', '550 Service currently unavailable'],
    ['RCPT TO', '552 Requested mail action aborted: exceeded storage allocation'],
    ['RCPT TO', '552 too many recipients'],
    ['RCPT TO', '550 5.2.1 The user you are trying to contact is receiving mail too quickly'],
    ['RCPT TO', '550 4.7.1 greylisted'],
    ['RCPT TO', '550 Domain acme.example has exceeded the max emails per hour (25/25) allowed'],
    ['RCPT TO', '554 5.7.1 Policy Rejection: Quota exceeded'],
    ['.', '554 5.7.0 Message held, try again later'],
    ['.', '550 5.4.6 Unusual sending activity detected. Please try after some time'],
    ['.', '554 5.3.2 the system does not accept mail now'],
    ['.', '550 5.7.28 flood'],
    ['.', '550 message rate limit exceeded'],
  ];
  for (const [words, answer] of limits)
    it(`that answers "${answer}" to ${words} is asked again after a long pause`, async () => {
      const { port } = await scripted({ [words]: answer });
      const account = words === 'AUTH' ? { user: 'ems', password: PASSWORD } : {};
      const error: unknown = await mailer(port, account)
        .send(message(), signal)
        .catch((error: unknown) => error);
      assert.ok(error instanceof RetryAfter, String(error));
      assert.equal(error.afterMs, LIMIT_PAUSE_MS);
      assert.match(
        error.message,
        /did not go out yet: \d{3}[ -].*; the next attempt waits until 20\d\d-.*Z$/,
      );
    });

  const final: [words: string, answer: string, failure: FailureType][] = [
    ['MAIL FROM', '530 5.7.0 Authentication required', Refused],
    ['MAIL FROM', '552 5.3.4 Message size exceeds fixed limit', Refused],
    ['RCPT TO', '550 5.1.8 bad outbound sender', Refused],
    ['RCPT TO', '550 5.1.1 no such user, check the address and try again later', AddressRefused],
    [
      'RCPT TO',
      '550-5.1.1 The address does not exist. Please try\r\n550 5.1.1 double-checking it',
      AddressRefused,
    ],
    ['RCPT TO', '550 5.4.1 Recipient address rejected: Access denied', AddressRefused],
    ['RCPT TO', '553 temporary email addresses are not accepted', AddressRefused],
    ['.', '550 5.1.1 User unknown', AddressRefused],
    ['.', '552 Message size exceeds maximum permitted', Refused],
    ['.', '554 5.2.252 SendAsDenied; ems@acme.example not allowed to send as hr@acme.example', Refused],
    ['.', '552 5.2.3 Your message exceeded our message size limits', Refused],
    ['.', '554 5.4.0 too many hops', Refused],
    ['.', '550 5.7.1 This message exceeds the threshold for spam', Refused],
    ['.', '550 5.7.1 TLS 1.2 or later required', Refused],
    ['DATA', '503 5.5.1 Bad sequence of commands, try again later', Refused],
    // Whose it is: by the code, and where the code is vague or absent, by the words.
    ...[
      '553 5.7.1 <hr@acme.example>: Sender address rejected: not owned by user ems',
      '554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied',
      '554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.example',
      '554 5.7.1 Client host blocked using a block list, see later',
      '504 5.5.2 <ems>: Helo command rejected: need fully-qualified hostname',
      '554 5.7.1 <dana.fox@acme.example>: Relay access denied',
      '550 5.7.1 Unable to relay',
      '550 relay not permitted',
      "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
      '530 5.7.0 Must issue a STARTTLS command first',
      '530 5.7.57 Client not authenticated to send mail',
      '530 Authentication required for this recipient',
      '550 5.7.60 SMTP; Client does not have permissions to send as this sender',
      '550 5.7.25 The IP address sending this message does not have a PTR record',
      '550-5.7.26 This mail has been blocked because the sender is unauthenticated\r\n550 5.7.26 SPF, DKIM',
      '550 5.7.23 <dana.fox@acme.example>: Recipient address rejected: SPF fail',
      '550 5.7.1 <dana.fox@acme.example>: Recipient address rejected: Message rejected due to: SPF fail',
      '550-Verification failed for <hr@acme.example>\r\n550-No Such User Here\r\n550 Sender verify failed',
      '550 5.1.7 Invalid address',
      '550 5.1.20 Multiple From addresses',
      '550 5.3.5 the system is configured wrongly',
      '550 5.7.134 RESOLVER.RST.SenderNotAuthenticatedForMailbox',
      '550 5.7.708 Access denied, traffic not accepted from this IP',
      '550 Administrative prohibition',
      '550 The from address does not match a verified Sender Identity',
      '554 Denied',
      '550 5.7.1 Message refused',
    ].map((answer): [string, string, FailureType] => ['RCPT TO', answer, Refused]),
    ...[
      '550 5.7.1 No such user!',
      '554 5.7.1 <dana.fox@acme.example>: Recipient address rejected: Access denied',
      '550 5.5.0 Requested action not taken: mailbox unavailable',
      '553 5.3.0 <dana.fox@acme.example>... User unknown',
      '504 5.5.2 <dana>: Recipient address rejected: need fully-qualified address',
      '550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup',
      '550 5.2.1 mailbox disabled, not accepting messages from this sender',
      '550 5.7.17 Mailbox owner has changed',
      '553 5.6.7 Non-ASCII addresses not permitted for that recipient',
      '550 Unrouteable address',
      "554 delivery error: dd This user doesn't have an account",
      '556 domain does not accept mail',
      '550 sorry, no mailbox here by that name. (#5.1.1)',
      '501 malformed address',
      // The words of the address are not the server's.
      '550 <rates@home.example>: User unknown',
      '550 <throttle@x.example> no such user here',
      '550 5.4.1 [quota@acme.example]: Recipient address rejected: Access denied',
      '550 5.7.1 user quota-team@acme.example unknown',
      '550 <sender@relay.example>: User unknown',
    ].map((answer): [string, string, FailureType] => ['RCPT TO', answer, AddressRefused]),
    // Before RCPT TO no recipient is known: the account is ours.
    ['MAIL FROM', '550 5.2.1 Mailbox disabled', Refused],
    ['MAIL FROM', '550 5.1.1 no such user', Refused],
  ];
  for (const [words, answer, failure] of final)
    it(`that answers "${answer}" to ${words} is not asked again`, async () => {
      const { port } = await scripted({ [words]: answer });
      await finalFailure(failure, mailer(port).send(message(), signal));
    });

  it('says its own words before our advice, in one line', async () => {
    const { port } = await scripted({ 'RCPT TO': '550-5.1.1 The account\r\n550 5.1.1 does not exist' });
    const reason = await finalFailure(AddressRefused, mailer(port).send(message(), signal));
    assert.match(
      reason,
      /was refused: 550-5\.1\.1 The account does not exist: correct the address and retry$/,
    );
  });

  for (const [words, answer] of [
    ['greeting', '421 4.3.2 Service shutting down'],
    ['greeting', '421 4.7.0 too many connections'],
    ['MAIL FROM', '432 4.3.2 Concurrent connections limit exceeded'],
    ['RCPT TO', '450 4.2.0 Greylisted, try again in 300 seconds'],
    ['RCPT TO', '451 4.4.3 Temporary lookup failure'],
    ['.', '452 4.3.1 Insufficient system storage'],
  ] as const)
    it(`that answers "${answer}" to ${words} is asked again as after any outage`, async () => {
      const { port } = await scripted({ [words]: answer });
      await assert.rejects(
        mailer(port).send(message(), signal),
        (error) => !(error instanceof FinalFailure) && !(error instanceof RetryAfter),
      );
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
      assert.match(reason, new RegExp(`: ${answer}`));
      if (failure) assert.match(reason, /The server rejects the user or password/);
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
      assert.match(
        await finalFailure(Refused, mailer(port, { tls, ...account }).send(message(), signal)),
        /^Mail to .* is not sent: .*certificate.*; correct its address, port or certificate, or trust its authority/,
      );
      assert.equal(heard, 0);
      await new Promise<void>((resolve) => impostor.close(resolve));
    });
  }

  it('that speaks no TLS where it should is not asked again', async () => {
    const { port } = await scripted();
    const reason = await finalFailure(Refused, mailer(port, { tls: true }).send(message(), signal));
    assert.match(reason, /is not sent: .*wrong version number/);
  });

  it('whose name DNS does not know is retried: DNS may be down, or the name wrong', async () => {
    const sending = mailer(25, { host: 'mail.acme.invalid' }).send(message(), signal);
    assert.match(await outage(sending), /did not go out: .*(ENOTFOUND|EAI_AGAIN)/);
  });

  const closed = () =>
    eventually('the connection to be closed', () => (server!.connections().open === 0 ? true : undefined));
});

function assertSecret(error: unknown): void {
  const everything = inspect(error, { depth: 10, showHidden: true });
  for (const secret of [PASSWORD, ...ENCODED]) assert.ok(!everything.includes(secret), everything);
}
