/**
 * Mail over SMTP (RFC 5321), one recipient per message. SMTP is at-least-once: where the connection breaks after DATA, the mail is
 * sent again. Its Message-ID stays the same, so the receiver can drop the second copy.
 *
 * The commit point is the final `.` of DATA (RFC 5321 §4.1.1.4). An abort before it sends nothing; after it, always read the reply.
 * The dot goes out only if the lease outlasts the reply: no other process sends the mail meanwhile.
 */
import net from 'node:net';
import { Readable } from 'node:stream';
import nodemailer from 'nodemailer';
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { MailAddress } from '../../exit/input.js';
import type { Contact } from '../../exit/people.js';
import { oneLine } from './mail-body.js';
import { assertTimeLeft } from './commit-point.js';

export interface MailerOptions {
  host: string;
  port: number;
  /** Implicit TLS (RFC 8314 §3.3); otherwise STARTTLS where the server offers it. */
  tls: boolean;
  user?: string | undefined;
  password?: string | undefined;
  from: Contact;
  requestTimeoutMs: number;
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
}

export type Mailer = ReturnType<typeof createMailer>;

export function createMailer({ host, port, tls, user, password, from, requestTimeoutMs }: MailerOptions) {
  /**
   * Opens the socket, so that an abort closes the connection at once.
   * @param committed after it, an abort no longer closes the connection
   */
  function connect(signal: AbortSignal, committed: AbortSignal): Promise<net.Socket> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const socket = net.connect({ host, port });
      const abort = () => socket.destroy(new Error('the attempt was aborted'));
      const ignoreAbort = () => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort, { once: true });
      committed.addEventListener('abort', ignoreAbort, { once: true });
      socket.once('close', ignoreAbort);
      socket.setTimeout(requestTimeoutMs, () =>
        socket.destroy(new Error(`no connection within ${requestTimeoutMs} ms`)),
      );
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.setTimeout(0);
        socket.off('error', reject);
        resolve(socket);
      });
    });
  }

  return {
    /** @throws FinalFailure AddressRefused, Refused */
    async send({ to, calendar, ...message }: Message, signal: AbortSignal): Promise<void> {
      const address = validAddress(to);
      const committed = new AbortController();
      async function* untilCommit(text: Readable): AsyncGenerator<Buffer> {
        for await (const chunk of text) yield chunk as Buffer;
        assertTimeLeft(signal, requestTimeoutMs);
        committed.abort();
      }
      const transport = nodemailer.createTransport({
        host,
        port,
        secure: tls,
        ...(user !== undefined && {
          auth: { user, pass: password ?? '' },
          // Off this machine the password is sent only over TLS, also where the server does not offer it.
          requireTLS: !isLoopback(host),
        }),
        greetingTimeout: requestTimeoutMs,
        socketTimeout: requestTimeoutMs,
        getSocket: (_options, callback) => {
          connect(signal, committed.signal).then(
            (connection) => callback(null, { connection }),
            (error: Error) => callback(error, {}),
          );
        },
      });
      transport.use('stream', ({ message }, done) => {
        message.processFunc((text) => Readable.from(untilCommit(text)));
        done();
      });
      try {
        await transport.sendMail({
          ...message,
          from: { name: from.name, address: from.email },
          to: { name: oneLine(to.name), address },
          ...(calendar && { icalEvent: { ...calendar, filename: 'interview.ics' } }),
          // Suppresses automatic replies (RFC 3834).
          headers: { 'Auto-Submitted': 'auto-generated' },
          disableFileAccess: true,
          disableUrlAccess: true,
        });
      } catch (error) {
        throw classified(error as SmtpError, `Mail to ${address} through ${host}:${port}`);
      } finally {
        transport.close();
      }
    },
  };
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');

/**
 * Rejects a line break in an address, which would inject an SMTP command.
 * @throws FinalFailure AddressRefused
 */
export function validAddress({ name, email }: Contact): string {
  const parsed = MailAddress.safeParse(email);
  if (parsed.success) return parsed.data;
  throw new FinalFailure(
    FailureType.AddressRefused,
    `${JSON.stringify(email)}, the mail address of ${name}, is not valid: correct it and retry`,
  );
}

type SmtpError = Error & { code?: string; responseCode?: number; command?: string };

function classified(error: SmtpError, what: string): Error {
  const { responseCode, command, code, message } = error;
  if (code === 'EAUTH') {
    // Temporary authentication failure (RFC 4954 §4.7).
    if (responseCode !== undefined && responseCode < 500) {
      return new Error(
        `${what} did not go out: the server cannot check the user and password now (${responseCode})`,
      );
    }
    // Final, since repeated wrong passwords lock an account.
    return new FinalFailure(
      FailureType.Refused,
      `${what} was refused: the server rejects the user or password (${responseCode ?? 'no code'}). Correct them and retry`,
    );
  }
  if (responseCode !== undefined && responseCode >= 500) {
    const type = command === 'RCPT TO' ? FailureType.AddressRefused : FailureType.Refused;
    return new FinalFailure(type, `${what} was refused: ${message}`, { cause: error });
  }
  return new Error(`${what} did not go out: ${message}`, { cause: error });
}
