/**
 * Mail over SMTP (RFC 5321), one recipient per message. SMTP is at-least-once: where the connection breaks after DATA, the mail is
 * sent again. Its Message-ID stays the same, so the receiver can drop the second copy.
 *
 * The commit point is the final `.` of DATA (RFC 5321 §4.1.1.4). An abort before it sends nothing; after it, always read the reply.
 * The dot goes out only if the lease outlasts the reply: no other process sends the mail meanwhile.
 */
import { Readable } from 'node:stream';
import MailComposer from 'nodemailer/lib/mail-composer';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { needsSmtpUtf8, transportAddress } from '../../exit/mail-address.js';
import type { Contact } from '../../exit/people.js';
import { oneLine } from './mail-body.js';
import { assertTimeLeft } from './commit-point.js';
import { isTlsProblem, reasonOf, TLS_ADVICE } from './fetch-failure.js';
import { LoginRefused } from './login-refused.js';
import { RetryAfter } from './retry-after.js';
import { verdictOn, wordsOf } from './smtp-reply.js';
import { createSmtpSessions, step, type Session, type SmtpServer } from './smtp-sessions.js';

export interface MailerOptions extends SmtpServer {
  from: Contact;
  /** The pause after a limit of the server: a quota, a rate, a full mailbox. */
  limitPauseMs: number;
}

export interface Message {
  to: Contact;
  subject: string;
  text: string;
  html: string;
  messageId: string;
  /** An iTIP object (RFC 5546), which makes this an iMIP message (RFC 6047). */
  calendar?: { method: 'REQUEST' | 'CANCEL'; content: string };
}

/** The Message-IDs of accepted mails. A retried step does not send them again. */
export interface Deliveries {
  has: (messageId: string) => boolean;
  add: (messageId: string) => Promise<void>;
  /** Before the next mail: resolves once what was added is durable. */
  settle: () => Promise<void>;
}

export type Mailer = ReturnType<typeof createMailer>;

export function createMailer(options: MailerOptions) {
  const { host, port, user, password = '', from, requestTimeoutMs, limitPauseMs } = options;
  const inSession = createSmtpSessions(options);

  return {
    /** Opens a session, with the login where one is configured, and sends nothing. @throws as `send` does */
    async probe(signal: AbortSignal): Promise<void> {
      const send = ({ smtp }: Session) => Promise.resolve(smtp.quit());
      const mailing = { send, hasBegun: () => false, signal, committed: new AbortController().signal };
      await inSession(mailing).catch((error: SmtpError) => {
        throw classified(error, `Mail through ${host}:${port}`);
      });
    },

    /** @throws FinalFailure AddressRefused, Refused; RetryAfter where the server has reached a limit */
    async send({ to, calendar, ...message }: Message, signal: AbortSignal): Promise<void> {
      const address = validAddress(to);
      const what = `Mail to ${address} through ${host}:${port}`;
      const committed = new AbortController();
      let hasBegun = false;
      async function* untilCommit(text: Readable): AsyncGenerator<Buffer> {
        hasBegun = true;
        for await (const chunk of text) yield chunk as Buffer;
        assertTimeLeft(signal, requestTimeoutMs);
        committed.abort();
      }
      const mail = new MailComposer({
        ...message,
        from: { name: from.name, address: from.email },
        to: { name: oneLine(to.name), address },
        ...(calendar && { icalEvent: { ...calendar, filename: 'interview.ics' } }),
        // Suppresses automatic replies (RFC 3834).
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
      }).compile();
      mail.processFunc((text) => Readable.from(untilCommit(text)));
      const send = async ({ smtp, extensions }: Session): Promise<void> => {
        assertTakes(extensions, address);
        await step(smtp, (done) => smtp.send(mail.getEnvelope(), mail.createReadStream(), done));
      };
      try {
        await inSession({ send, hasBegun: () => hasBegun, signal, committed: committed.signal });
      } catch (error) {
        throw classified(error as SmtpError, what);
      }
    },
  };

  function assertTakes(extensions: string, address: string): void {
    if (!needsSmtpUtf8(address) || /^250[ -]SMTPUTF8\b/im.test(extensions)) return;
    throw new FinalFailure(
      FailureType.AddressRefused,
      `Mail to ${address} cannot go through ${host}:${port}: the server does not offer SMTPUTF8 (RFC 6531), ` +
        `which letters outside ASCII before the "@" need. Give another address and retry`,
    );
  }

  function classified(error: SmtpError, what: string): Error {
    const { response, command, code, message } = error;
    if (error instanceof FinalFailure) return error;
    const reason = withoutSecrets(response === undefined ? message : wordsOf(response));
    if (response === undefined) {
      const isOurs = code !== undefined && REFUSED_BY_LIBRARY.has(code);
      if (isOurs) return new FinalFailure(FailureType.Refused, `${what} was refused: ${reason}`);
      const told = Object.assign(new Error(reason), { code: error.originalCode ?? code });
      return isTlsProblem(told)
        ? new FinalFailure(FailureType.Refused, `${what} is not sent: ${reasonOf(told)}; ${TLS_ADVICE}`)
        : new Error(`${what} did not go out: ${reason}`);
    }
    const verdict = verdictOn(response, command);
    if (verdict === 'outage') return new Error(`${what} did not go out: ${reason}`);
    if (verdict === 'later') return new RetryAfter(`${what} did not go out yet: ${reason}`, limitPauseMs);
    if (code === 'EAUTH')
      // Final, since repeated wrong passwords lock an account.
      return new LoginRefused(
        FailureType.Refused,
        `${what} was refused: ${reason}. The server rejects the user or password: correct them and retry`,
      );
    return verdict === 'address'
      ? new FinalFailure(
          FailureType.AddressRefused,
          `${what} was refused: ${reason}: correct the address and retry`,
        )
      : new FinalFailure(
          FailureType.Refused,
          `${what} was refused: ${reason}. The server does not say that the address is wrong: mend what it names, and retry`,
        );
  }

  /** A server may repeat what it was sent. */
  function withoutSecrets(text: string): string {
    if (!password) return text;
    const base64 = (secret: string) => Buffer.from(secret).toString('base64');
    return [password, base64(password), base64(`\0${user}\0${password}`)].reduce(
      (shown, secret) => shown.replaceAll(secret, '***'),
      oneLine(text),
    );
  }
}

/** `originalCode`: that of the operating system or of OpenSSL, in place of which nodemailer sets `code`. */
type SmtpError = Error & { code?: string; originalCode?: string; response?: string; command?: string };

/** Errors of nodemailer without a reply of the server; the same mail would fail again. */
const REFUSED_BY_LIBRARY = new Set(['EENVELOPE', 'EMESSAGE', 'EAUTH', 'ENOAUTH', 'ECONFIG']);

/**
 * Rejects a line break in an address, which would inject an SMTP command.
 * @returns the address with its domain in ASCII
 * @throws FinalFailure AddressRefused
 */
export function validAddress({ name, email }: Contact): string {
  const address = transportAddress(email);
  if (address !== undefined) return address;
  throw new FinalFailure(
    FailureType.AddressRefused,
    `${JSON.stringify(email)}, the mail address of ${name}, is not valid: correct it and retry`,
  );
}
