/**
 * Sessions with a mail server (RFC 5321 §3.1). One that has sent a mail serves the next, until it was idle for the request timeout.
 * A refusal in a used session may be of the session: its server may have dropped it, or limit its mails. A new session decides.
 */
import { once } from 'node:events';
import net from 'node:net';
import SmtpConnection from 'nodemailer/lib/smtp-connection';

export interface SmtpServer {
  host: string;
  port: number;
  /** Implicit TLS (RFC 8314 §3.3); otherwise STARTTLS where the server offers it. */
  tls: boolean;
  user?: string | undefined;
  password?: string | undefined;
  requestTimeoutMs: number;
}

export interface Session {
  smtp: SmtpConnection;
  socket: net.Socket;
  /** The server's reply to EHLO. */
  extensions: string;
}

interface Mailing {
  send: (session: Session) => Promise<void>;
  /** Whether the text has begun: no other session repeats it. */
  hasBegun: () => boolean;
  /** Closes the connection at once, unless the mail is committed. */
  signal: AbortSignal;
  committed: AbortSignal;
}

/** @returns runs a mailing in a session */
export function createSmtpSessions({ host, port, tls, user, password = '', requestTimeoutMs }: SmtpServer) {
  let idle: Session[] = [];

  async function open(socket: net.Socket): Promise<Session> {
    const giveUp = (): void => void socket.destroy(new Error(`no connection within ${requestTimeoutMs} ms`));
    socket.setTimeout(requestTimeoutMs, giveUp);
    await once(socket, 'connect');
    socket.setTimeout(0, giveUp);
    const smtp = new SmtpConnection({
      host,
      port,
      secure: tls,
      // Off this machine the password is sent only over TLS, also where the server does not offer it.
      requireTLS: user !== undefined && !isLoopback(host),
      greetingTimeout: requestTimeoutMs,
      socketTimeout: requestTimeoutMs,
      connection: socket,
    }).on('error', heardByStep);
    try {
      await step(smtp, (done) => smtp.connect(done));
      const session = { smtp, socket, extensions: String(smtp.lastServerResponse) };
      if (user !== undefined && smtp.allowsAuth)
        await step(smtp, (done) => smtp.login({ user, pass: password }, done));
      smtp.once('end', () => {
        idle = idle.filter((other) => other !== session);
      });
      return session;
    } catch (error) {
      smtp.close();
      throw error;
    }
  }

  async function converse({ send, signal, committed }: Mailing, used?: Session): Promise<void> {
    signal.throwIfAborted();
    const socket = used?.socket.ref() ?? net.connect({ host, port }).on('error', heardByStep);
    const abort = (): void => void socket.destroy(new Error('the attempt was aborted'));
    signal.addEventListener('abort', abort, { signal: committed });
    try {
      const session = used ?? (await open(socket));
      try {
        await send(session);
      } catch (error) {
        session.smtp.close();
        throw error;
      }
      // It keeps no process alive.
      socket.unref();
      idle.push(session);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  return async (mailing: Mailing): Promise<void> => {
    const used = idle.pop();
    if (used)
      try {
        return await converse(mailing, used);
      } catch (error) {
        if (mailing.hasBegun() || mailing.signal.aborted) throw error;
      }
    return converse(mailing);
  };
}

/** A step under way fails with it. Between two mails it concerns none. */
const heardByStep = (): void => undefined;

/** One step of the dialogue. @throws what nodemailer says of it, or of the connection */
export async function step(
  smtp: SmtpConnection,
  run: (done: (error?: Error | null) => void) => void,
): Promise<void> {
  let lost!: (error: Error) => void;
  try {
    await new Promise<void>((resolve, reject) => {
      lost = reject;
      smtp.once('error', lost);
      run((error) => (error ? reject(error) : resolve()));
    });
  } finally {
    smtp.off('error', lost);
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host.startsWith('127.');
