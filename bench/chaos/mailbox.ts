/** Starts the mail server of a chaos run, and reads what it has taken. */
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { simpleParser } from 'mailparser';
import { firstMessage, startChild } from '../../src/local/child.js';
import { part, type Part } from '../compare/part.js';

export const mailFaults = ['SMTP 4xx', 'SMTP 5xx', 'SMTP quota', 'SMTP hang-up after DATA'] as const;
export type MailFault = (typeof mailFaults)[number];

/** A line of the mail file. */
export type Posted =
  { atMs: number; to: string; source: string } | { atMs: number; to: string; isRefused: true };

export interface Mail {
  to: string;
  /** `<exit id>.<what>.<fingerprint>@<domain>` */
  messageId: string;
  exitId: string;
  what: string;
  /** All that a person reads, with the calendar object: the same for a second copy of one mail. */
  content: string;
  calendar?: { method: string; text: string };
}

export interface Mailbox {
  part: Part;
  spoil: (fault: MailFault | undefined) => void;
  read: () => Promise<{ mails: Mail[]; refused: ReadonlySet<string> }>;
}

/** @param spoilt counts a mail that was spoilt */
export function mailboxAt(
  port: number,
  file: string,
  logFile: string,
  spoilt: (fault: MailFault) => void,
): Mailbox {
  let child: ChildProcess | undefined;
  let fault: MailFault | undefined;
  const tell = (): void => {
    if (child?.connected) child.send({ fault });
  };
  const launch = () =>
    startChild(
      {
        name: 'the mail server',
        module: fileURLToPath(new URL('./mail-server.js', import.meta.url)),
        env: { MAIL_FILE: file, MAIL_PORT: String(port) },
        logFile,
      },
      async (started) => {
        await firstMessage(started);
        child = started.on('message', (message: { spoilt?: MailFault }) => {
          if (message.spoilt) spoilt(message.spoilt);
        });
        tell();
      },
    );
  return {
    part: part('mail', launch),
    spoil(next) {
      fault = next;
      tell();
    },
    async read() {
      const lines = (await readFile(file, 'utf8').catch(orNothing)).split('\n');
      // A kill may cut the last line of the dead process: that mail was not taken.
      const posted = lines.flatMap((line): Posted[] =>
        line.endsWith('}') ? [JSON.parse(line) as Posted] : [],
      );
      const mails = await Promise.all(
        posted.flatMap((each) => ('source' in each ? [parsed(each.to, each.source)] : [])),
      );
      const refused = posted.flatMap((each) => ('isRefused' in each ? [each.to] : []));
      return { mails, refused: new Set(refused) };
    },
  };
}

function orNothing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

async function parsed(to: string, source: string): Promise<Mail> {
  const { messageId = '', subject = '', text = '', attachments } = await simpleParser(source);
  const [exitId = '', what = ''] = messageId.replace('<', '').split('.');
  const found = attachments.find(({ contentType }) => contentType === 'text/calendar');
  const method = /^METHOD:(\w+)/m.exec(found?.content.toString() ?? '')?.[1];
  // When it was written differs between two copies of one mail.
  const calendar = found?.content.toString().replaceAll(/^(DTSTAMP|CREATED|LAST-MODIFIED):.*\r?\n/gm, '');
  return {
    ...{ to, messageId, exitId, what },
    content: [subject, text, calendar ?? ''].join('\n'),
    ...(method !== undefined && calendar !== undefined && { calendar: { method, text: calendar } }),
  };
}
