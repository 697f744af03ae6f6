/** A mail server that keeps what it takes, and fails as it is told. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { eventually } from './eventually.js';
import { gate } from './gate.js';
import { itipProblem } from './itip.js';

export interface Mail extends ParsedMail {
  /** The envelope's recipient (RFC 5321), whatever the header says. */
  recipient: string;
  source: string;
}

export interface MailServer {
  port: number;
  mails: Mail[];
  /** What the server answers to RCPT TO; undefined accepts. */
  refuse: (
    decide: ((recipient: string) => { code: number; message: string } | undefined) | undefined,
  ) => void;
  /** Answers so to these recipients, or to everybody. */
  refuseWith: (code: number, ...recipients: string[]) => void;
  /** Takes the next message, and breaks the connection before the reply. */
  loseNextAnswer: () => void;
  /** Takes the next message, and replies only when it is let. */
  holdNextAnswer: () => { taken: Promise<void>; let: () => void };
  to: (recipient: string) => Mail[];
  /** Of all mails, in the order in which they came. */
  recipients: () => string[];
  /** Of these, the ones with an iTIP object. */
  invitationsTo: (recipient: string) => Mail[];
  /** Waits until so many mails have come for this recipient. */
  waitFor: (recipient: string, count: number) => Promise<Mail[]>;
  stop: () => Promise<void>;
  /** On the same port. */
  restart: () => Promise<void>;
}

export async function startMailServer(): Promise<MailServer> {
  const server = newMailServer();
  await server.restart();
  return server;
}

/** For a group of tests: before each it has no mail, and takes every one. */
export function mailServer(): MailServer {
  const server = newMailServer();
  before(server.restart);
  beforeEach(() => {
    server.mails.length = 0;
    server.refuse(undefined);
  });
  after(server.stop);
  return server;
}

function newMailServer(): MailServer {
  const mails: Mail[] = [];
  let decide: ((recipient: string) => { code: number; message: string } | undefined) | undefined;
  let loseNext = false;
  let holdNext: { taken: () => void; until: Promise<void> } | undefined;
  let server: SMTPServer;
  let port = 0;
  const sockets = new Map<number, Socket>();

  async function start(): Promise<void> {
    server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      logger: false,
      onRcptTo({ address }, _session, callback) {
        const refusal = decide?.(address);
        callback(refusal && Object.assign(new Error(refusal.message), { responseCode: refusal.code }));
      },
      onData(stream, session, callback) {
        void (async () => {
          const source = await whole(stream);
          if (source === undefined) return;
          const parsed = await simpleParser(source);
          // In every test: this server refuses what a calendar program would refuse.
          const problem = invalidInvitation({ ...parsed, recipient: '', source });
          if (problem) return callback(Object.assign(new Error(problem), { responseCode: 554 }));
          for (const { address } of session.envelope.rcptTo)
            mails.push({ ...parsed, recipient: address, source });
          const held = holdNext;
          holdNext = undefined;
          held?.taken();
          await held?.until;
          if (loseNext) {
            loseNext = false;
            return void sockets.get(session.remotePort)?.destroy();
          }
          return callback();
        })();
      },
    });
    server.on('error', () => undefined);
    server.server.on('connection', (socket) => {
      const port = socket.remotePort!;
      sockets.set(port, socket);
      socket.once('close', () => sockets.delete(port));
    });
    server.listen(port, '127.0.0.1');
    await once(server.server, 'listening');
    port = (server.server.address() as AddressInfo).port;
  }

  const to = (recipient: string): Mail[] => mails.filter((mail) => mail.recipient === recipient);
  return {
    get port() {
      return port;
    },
    mails,
    refuse: (next) => {
      decide = next;
    },
    refuseWith: (code, ...recipients) => {
      decide = (to) =>
        recipients.length === 0 || recipients.includes(to) ? { code, message: 'not you' } : undefined;
    },
    loseNextAnswer: () => {
      loseNext = true;
    },
    holdNextAnswer() {
      const [taken, answer] = [gate(), gate()];
      holdNext = { taken: taken.open, until: answer.passed };
      return { taken: taken.passed, let: answer.open };
    },
    to,
    recipients: () => mails.map(({ recipient }) => recipient),
    invitationsTo: (recipient) => to(recipient).filter(({ attachments }) => attachments.length > 0),
    waitFor: (recipient, count) =>
      eventually(`${count} mails to ${recipient}`, () =>
        to(recipient).length >= count ? to(recipient) : undefined,
      ),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets.values()) socket.destroy();
      await closed;
    },
    restart: start,
  };
}

/** @returns undefined where the connection broke in the middle: such a message is not taken */
async function whole(stream: Readable): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch (error) {
    if (/closed before the message was received/.test((error as Error).message)) return undefined;
    throw error;
  }
  return Buffer.concat(chunks).toString();
}

const invalidInvitation = (mail: Mail): string | undefined => {
  if (mail.attachments.length === 0) return undefined;
  const { method, content } = calendarOf(mail);
  return itipProblem(method, content);
};

/** The iTIP object (RFC 5546) of a mail. */
export function calendarOf(mail: Mail): { method: string; content: string } {
  const part = mail.attachments.find(
    ({ contentType }) => contentType === 'text/calendar' || contentType === 'application/ics',
  );
  if (!part) throw new Error(`"${mail.subject}" has no calendar part`);
  const method = /content-type: text\/calendar;[^]*?method=(\w+)/i.exec(mail.source)?.[1] ?? '';
  return { method, content: part.content.toString() };
}

/** Whom the header of a mail names as its recipients. */
export const addressees = ({ to }: Mail) => [to ?? []].flat().flatMap(({ value }) => value);
