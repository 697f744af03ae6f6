/** The mail server of a chaos run, a process of its own. It writes each mail to a file before it takes it, and fails as it is told. */
import { appendFileSync } from 'node:fs';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { openSmtp } from '../open-smtp.js';
import type { MailFault, Posted } from './mailbox.js';

const { MAIL_FILE: file, MAIL_PORT: port } = process.env;
if (!file || !port) throw new Error('MAIL_FILE or MAIL_PORT is not set');

const answers: Partial<Record<MailFault, [code: number, text: string]>> = {
  'SMTP 4xx': [451, '4.3.0 try again later'],
  'SMTP 5xx': [550, '5.1.1 no such mailbox'],
  'SMTP quota': [550, '5.4.5 daily user sending quota exceeded'],
};

let fault: MailFault | undefined;
let isHit = false;
process.on('message', (next: { fault?: MailFault }) => {
  fault = next.fault;
});
/** Every other mail is spoilt. */
function isSpoilt(): boolean {
  isHit = !isHit;
  return isHit;
}

/** A kill may cut the last line of a process, so each begins on a line of its own. */
const keep = (posted: Posted): void => appendFileSync(file, `\n${JSON.stringify(posted)}\n`);
const sockets = new Map<number, Socket>();

const smtp = new SMTPServer({
  ...openSmtp,
  onRcptTo({ address }, _session, callback) {
    const answer = fault && answers[fault];
    if (!answer || !isSpoilt()) return callback();
    process.send!({ spoilt: fault });
    if (fault === 'SMTP 5xx') keep({ atMs: Date.now(), to: address, isRefused: true });
    callback(Object.assign(new Error(answer[1]), { responseCode: answer[0] }));
  },
  onData(stream, session, callback) {
    void (async () => {
      const source = await text(stream);
      for (const { address } of session.envelope.rcptTo) keep({ atMs: Date.now(), to: address, source });
      if (fault !== 'SMTP hang-up after DATA' || !isSpoilt()) return callback();
      process.send!({ spoilt: fault });
      sockets.get(session.remotePort)?.destroy();
    })().catch((error: Error) => console.error(`A connection broke: ${error.message}`));
  },
});
smtp.on('error', (error: Error) => console.error(`A connection broke: ${error.message}`));
smtp.server.on('connection', (socket: Socket) => {
  const from = socket.remotePort!;
  sockets.set(from, socket);
  socket.setNoDelay(true).once('close', () => sockets.delete(from));
});

smtp.listen(Number(port), '127.0.0.1');
await once(smtp.server, 'listening');
process.send!('ready');
process.on('SIGTERM', () => process.exit(0));
