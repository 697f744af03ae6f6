/**
 * Payroll prepares the final pay of those who leave. EMS calls it with a CloudEvent 1.0 in binary mode: `POST /final-pay`.
 *
 *   PAYROLL_TOKEN=… [PAYROLL_PORT=9400] [PAYROLL_FOLDER=final-pays] node payroll.js
 */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const { PAYROLL_TOKEN: token, PAYROLL_PORT = '9400', PAYROLL_FOLDER: folder = 'final-pays' } = process.env;
if (!token) throw new Error('PAYROLL_TOKEN must be set: the token that EMS sends');
await mkdir(folder, { recursive: true });

const LONGEST_BODY = 64 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Leaver {
  exitId: string;
  employeeId: string;
  /** ISO 8601, UTC. */
  openedAt: string;
  /** `YYYY-MM-DD` */
  lastWorkingDay?: string;
}

/** What the caller is told. The status says whether it should call again: 2xx is done, 4xx never, 5xx later. */
class Answer extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const server = createServer((request, response) => {
  void take(request)
    .then((note) => ({ status: 200, body: { note } }))
    .catch((error: Error) => ({
      status: error instanceof Answer ? error.status : 500,
      body: { detail: error.message },
    }))
    .then(({ status, body }) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
    );
});
server.listen(Number(PAYROLL_PORT), '127.0.0.1', () =>
  console.log(`payroll listens on http://127.0.0.1:${(server.address() as AddressInfo).port}/final-pay`),
);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => server.close());

async function take(request: IncomingMessage): Promise<string> {
  const { method, url, headers } = request;
  if (url !== '/final-pay') throw new Answer(404, `there is no ${url}`);
  if (method !== 'POST') throw new Answer(405, 'POST a CloudEvent');
  if (!isSame(headers.authorization, `Bearer ${token}`)) throw new Answer(401, 'the token is not ours');
  const { 'ce-specversion': version, 'ce-type': type, 'ce-source': source, 'ce-id': id } = headers;
  if (version !== '1.0' || type !== 'step.requested' || !source || !id)
    throw new Answer(400, 'this is no CloudEvent 1.0 of the type step.requested');
  return prepareOnce(
    fingerprint(`${String(source)} ${String(id)}`).toString('hex'),
    leaverIn(await bodyOf(request)),
  );
}

/** EMS sends an event again until it has an answer, and after a crash: what is known is answered as it was the first time. */
async function prepareOnce(name: string, leaver: Leaver): Promise<string> {
  const file = path.join(folder, `${name}.json`);
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (known !== undefined) return (JSON.parse(known) as { note: string }).note;
  const note = noteOf(leaver);
  // Whole or not at all, also where the process dies here.
  const draft = `${file}.${randomUUID()}.draft`;
  await writeFile(draft, JSON.stringify({ ...leaver, note, preparedAt: new Date().toISOString() }));
  await rename(draft, file);
  return note;
}

function noteOf({ openedAt, lastWorkingDay }: Leaver): string {
  if (lastWorkingDay === undefined) return 'final pay prepared; the last working day is not known yet';
  const days = Math.round((Date.parse(lastWorkingDay) - Date.parse(openedAt.slice(0, 10))) / DAY_MS);
  return `final pay prepared: ${days} days from the resignation to ${lastWorkingDay}`;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) {
    body += chunk as string;
    if (body.length > LONGEST_BODY) throw new Answer(413, 'the event is too long');
  }
  return body;
}

function leaverIn(body: string): Leaver {
  try {
    const { exitId, employeeId, openedAt, lastWorkingDay } = JSON.parse(body) as Partial<Leaver>;
    if (exitId && employeeId && openedAt)
      return { exitId, employeeId, openedAt, ...(lastWorkingDay && { lastWorkingDay }) };
  } catch {
    // Not JSON: the answer is the same.
  }
  throw new Answer(400, 'the data must be JSON with exitId, employeeId and openedAt');
}

function fingerprint(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Of equal length, whatever was sent, so that the time that it takes tells nothing. */
function isSame(given = '', expected: string): boolean {
  return timingSafeEqual(fingerprint(given), fingerprint(expected));
}
