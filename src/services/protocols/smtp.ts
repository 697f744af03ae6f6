/**
 * Mail over SMTP (RFC 5321), one recipient a message. SMTP is at-least-once: when the connection breaks after the text was sent,
 * nobody knows, and the same Message-ID is sent again.
 *
 * The point of no return is the dot that ends the text: before it, giving up ends the conversation, and no mail is sent. After it,
 * the answer is waited for even by who has given up, since only the answer tells that the mail need not be sent again; and the dot
 * is sent only when nobody else can begin before that answer.
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
  /** TLS from the first byte; otherwise STARTTLS is used where the server offers it. */
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

/** The messages that have been accepted already, by Message-ID: a step tried again does not send them a second time. */
export interface Deliveries {
  has: (messageId: string) => boolean;
  add: (messageId: string) => Promise<void>;
}

export type Mailer = ReturnType<typeof createMailer>;

export function createMailer({ host, port, tls, user, password, from, requestTimeoutMs }: MailerOptions) {
  /** A socket of our own, so that giving up ends the conversation at once. */
  function connect(signal: AbortSignal, ended: AbortSignal): Promise<net.Socket> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const socket = net.connect({ host, port });
      const giveUp = () => socket.destroy(new Error('given up'));
      const keepOn = () => signal.removeEventListener('abort', giveUp);
      signal.addEventListener('abort', giveUp, { once: true });
      ended.addEventListener('abort', keepOn, { once: true });
      socket.once('close', keepOn);
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
      const textEnded = new AbortController();
      async function* upToTheDot(text: Readable): AsyncGenerator<Buffer> {
        for await (const chunk of text) yield chunk as Buffer;
        assertTimeLeft(signal, requestTimeoutMs);
        textEnded.abort();
      }
      const transport = nodemailer.createTransport({
        host,
        port,
        secure: tls,
        ...(user !== undefined && {
          auth: { user, pass: password ?? '' },
          // A password does not cross a network in clear, whatever the server offers.
          requireTLS: !isLoopback(host),
        }),
        greetingTimeout: requestTimeoutMs,
        socketTimeout: requestTimeoutMs,
        getSocket: (_options, callback) => {
          connect(signal, textEnded.signal).then(
            (connection) => callback(null, { connection }),
            (error: Error) => callback(error, {}),
          );
        },
      });
      transport.use('stream', ({ message }, done) => {
        message.processFunc((text) => Readable.from(upToTheDot(text)));
        done();
      });
      try {
        await transport.sendMail({
          ...message,
          from: { name: from.name, address: from.email },
          to: { name: oneLine(to.name), address },
          ...(calendar && { icalEvent: { ...calendar, filename: 'interview.ics' } }),
          // Tells out-of-office replies and mailing lists to keep quiet (RFC 3834).
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
 * A line break in an address would otherwise end up as an SMTP command of its own.
 * @throws FinalFailure AddressRefused
 */
export function validAddress({ name, email }: Contact): string {
  const parsed = MailAddress.safeParse(email);
  if (parsed.success) return parsed.data;
  throw new FinalFailure(
    FailureType.AddressRefused,
    `The mail address of ${name}, ${JSON.stringify(email)}, is not one`,
  );
}

type SmtpError = Error & { code?: string; responseCode?: number; command?: string };

function classified(error: SmtpError, what: string): Error {
  const { responseCode, command, code, message } = error;
  if (code === 'EAUTH') {
    // RFC 4954 §4.7: "temporary authentication failure", for instance.
    if (responseCode !== undefined && responseCode < 500) {
      return new Error(
        `${what} did not go out: the server cannot check our user and password now (${responseCode})`,
      );
    }
    // Also final, since hammering on with a wrong password gets accounts locked: mend it, then retry the step.
    return new FinalFailure(
      FailureType.Refused,
      `${what}: the server refused our user or password (${responseCode ?? 'no code'})`,
    );
  }
  if (responseCode !== undefined && responseCode >= 500) {
    const type = command === 'RCPT TO' ? FailureType.AddressRefused : FailureType.Refused;
    return new FinalFailure(type, `${what} was refused: ${message}`, { cause: error });
  }
  return new Error(`${what} did not go out: ${message}`, { cause: error });
}
