/**
 * Payroll prepares the final pay of employees who leave. EMS calls it with a CloudEvent 1.0 in binary content mode: `POST /final-pay`.
 *
 *   PAYROLL_TOKEN=… [PAYROLL_PORT=9400] [PAYROLL_FOLDER=final-pays] node payroll.js
 */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const { PAYROLL_TOKEN: token, PAYROLL_PORT = '9400', PAYROLL_FOLDER: folder = 'final-pays' } = process.env;
if (!token) throw new Error('PAYROLL_TOKEN is not set. Set it to the token that EMS sends');
await mkdir(folder, { recursive: true });

const MAX_BODY = 64 * 1024;
const DAY_MS = 24 * 60 * 60 * 1000;

interface Leaver {
  exitId: string;
  employeeId: string;
  /** ISO 8601, UTC. */
  openedAt: string;
  /** `YYYY-MM-DD` */
  lastWorkingDay?: string;
}

/** The response. On 2xx the step is done, 4xx is final, and EMS retries on 5xx. */
class Answer extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const server = createServer((request, response) => {
  void handle(request)
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

async function handle(request: IncomingMessage): Promise<string> {
  const { method, url, headers } = request;
  if (url !== '/final-pay') throw new Answer(404, `there is no ${url}`);
  if (method !== 'POST') throw new Answer(405, 'POST a CloudEvent');
  if (!isSame(headers.authorization, `Bearer ${token}`)) throw new Answer(401, 'the token is wrong');
  const { 'ce-specversion': version, 'ce-type': type, 'ce-source': source, 'ce-id': id } = headers;
  if (version !== '1.0' || type !== 'step.requested' || !source || !id)
    throw new Answer(400, 'the request is not a CloudEvent 1.0 of type step.requested');
  return prepareOnce(
    fingerprint(`${String(source)} ${String(id)}`).toString('hex'),
    leaverIn(await bodyOf(request)),
  );
}

/** Delivery is at-least-once: a repeated event gets the answer of the first one. */
async function prepareOnce(name: string, leaver: Leaver): Promise<string> {
  const file = path.join(folder, `${name}.json`);
  const known = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (known !== undefined) return (JSON.parse(known) as { note: string }).note;
  const note = noteOf(leaver);
  // Atomic, also where the process dies here.
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
    if (body.length > MAX_BODY) throw new Answer(413, 'the event is too long');
  }
  return body;
}

function leaverIn(body: string): Leaver {
  try {
    const { exitId, employeeId, openedAt, lastWorkingDay } = JSON.parse(body) as Partial<Leaver>;
    if (exitId && employeeId && openedAt)
      return { exitId, employeeId, openedAt, ...(lastWorkingDay && { lastWorkingDay }) };
  } catch {
    // Not JSON: same answer as for missing fields.
  }
  throw new Answer(400, 'the data must be JSON with exitId, employeeId and openedAt');
}

function fingerprint(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Compares in constant time, by hashes of equal length. */
function isSame(given = '', expected: string): boolean {
  return timingSafeEqual(fingerprint(given), fingerprint(expected));
}
