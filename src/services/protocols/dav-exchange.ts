/** Requests to one WebDAV server, and what its refusals mean: its own words decide before the status. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { deadlineIn } from './deadline.js';
import { unanswered } from './fetch-failure.js';
import type { HttpAnswer } from './http-answer.js';
import { errorIn, type DavError } from './multistatus.js';
import { RetryAfter, waitAskedIn } from './retry-after.js';

interface DavServer {
  /** For error messages: "the calendar of Acme HR". */
  name: string;
  /** With a slash at its end. */
  collection: string;
  user: string;
  password: string;
  requestTimeoutMs: number;
}

interface DavRequest {
  /** For error messages: "calendar-query". */
  what: string;
  method: string;
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** The statuses that are an answer. */
  expected: readonly number[];
}

/** An answer that a retry may change. */
export class Answered extends Error {
  constructor(
    message: string,
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A final refusal, with what the server said. */
export class Refused extends FinalFailure {
  constructor(
    message: string,
    readonly status: number,
    readonly said: DavError,
  ) {
    super(FailureType.Refused, message);
  }
}

/** More than this is asked for in parts. */
export class TooMuch extends FinalFailure {}

export const isAbsent = (status: number | undefined): boolean => status === 404 || status === 410;

const MAX_BYTES = 32 * 1024 * 1024;
const MAX_REDIRECTS = 3;
const MAX_QUOTED = 200;

export function createDavExchange({ name, collection, user, password, requestTimeoutMs }: DavServer) {
  const credentials = Buffer.from(`${user}:${password}`).toString('base64');

  function failure(this: void, answer: HttpAnswer, what: string, at = collection): Error {
    const { status, headers, text } = answer;
    const said = errorIn(text);
    const { condition, words } = said;
    const quoted = words && ` with "${discreet(words)}"`;
    const code = condition === undefined ? status : `${status} (${condition})`;
    const sentence = `${name} answered ${code} to "${what}" at ${at}${quoted ?? ''}`;
    if (condition === 'number-of-matches-within-limits') return new TooMuch(FailureType.Refused, sentence);
    const isTransient =
      condition !== 'no-uid-conflict' &&
      (status < 300 ||
        [408, 409, 421, 423, 425, 429].includes(status) ||
        (status >= 500 && ![501, 507].includes(status)));
    // A condition says more than words about a limit.
    const wait = isTransient || condition === undefined ? waitAskedIn(answer, sentence) : undefined;
    if (wait) return wait instanceof RetryAfter ? wait : new Answered(sentence, status);
    if (isGateways(answer))
      return new Answered(
        `${sentence}, a web page: a proxy answers, or there is no such calendar, check its calendar.url`,
        status,
      );
    return isTransient
      ? new Answered(sentence, status)
      : new Refused(sentence + adviceOn(status, condition, headers), status, said);
  }

  /** What a server says may echo the credentials. */
  const discreet = (words: string): string =>
    [password, credentials]
      .reduce((text, secret) => text.replaceAll(secret, '…'), words)
      .slice(0, MAX_QUOTED);

  async function once(request: DavRequest, url: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { method, headers, body } = request;
    const response = await fetch(url, {
      method,
      headers: { ...headers, authorization: `Basic ${credentials}` },
      ...(body !== undefined && { body }),
      redirect: 'manual',
      signal,
    });
    return { status: response.status, headers: response.headers, text: await textOf(response, name) };
  }

  return {
    failure,

    /**
     * Follows redirects within the server only: another one would get the password. A gateway may answer one 404, so it is asked again.
     * @throws RetryAfter, Answered or Error as on an outage, FinalFailure Refused
     */
    async send(this: void, request: DavRequest, signal: AbortSignal): Promise<HttpAnswer> {
      const deadline = deadlineIn(requestTimeoutMs);
      const either = AbortSignal.any([signal, deadline.signal]);
      let { url } = request;
      try {
        for (let redirects = 0; ; redirects++) {
          let answer = await once(request, url, either);
          if (isAbsent(answer.status)) answer = await once(request, url, either);
          if (request.expected.includes(answer.status) && !isGateways(answer)) return answer;
          const target = redirects < MAX_REDIRECTS ? redirectOf(answer, url) : undefined;
          if (target === undefined) throw failure(answer, request.what);
          url = target;
        }
      } catch (error) {
        if (signal.aborted || error instanceof Answered || error instanceof FinalFailure) throw error;
        if (error instanceof RetryAfter) throw error;
        throw unanswered(error, { name, at: collection, deadline, requestTimeoutMs, secret: password });
      } finally {
        deadline.clear();
      }
    },
  };
}

/** @throws TooMuch for more than the memory should hold, also where it came compressed */
async function textOf(response: Response, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BYTES)
      throw new TooMuch(FailureType.Refused, `${name} answered with more than ${MAX_BYTES / 1024 / 1024} MB`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** A 404 with a web page may be a gateway's: it tells of no calendar and no entry. */
const isGateways = ({ status, headers, text }: HttpAnswer): boolean =>
  isAbsent(status) &&
  (/^text\/html\b/i.test(headers.get('content-type') ?? '') || /^\s*<(!doctype\s+)?html\b/i.test(text));

/** @returns the address on the same server; undefined where there is none */
function redirectOf({ status, headers }: HttpAnswer, from: string): string | undefined {
  const location = headers.get('location');
  if (![301, 302, 307, 308].includes(status) || !location || !URL.canParse(location, from)) return undefined;
  const target = new URL(location, from);
  return target.origin === new URL(from).origin ? target.href : undefined;
}

function adviceOn(status: number, condition: string | undefined, headers: Headers): string {
  if (isAbsent(status)) return ': there is no such calendar, check its calendar.url';
  if (status < 400) {
    const location = headers.get('location') ?? '';
    const target = URL.canParse(location) ? ` to ${new URL(location).host}` : '';
    return `, a redirect${target}: check its calendar.url`;
  }
  if (status === 507 || condition === 'quota-not-exceeded') return ': make room there and retry';
  const isOnRights = status === 401 || (status === 403 && condition === undefined);
  return isOnRights ? ': check its user and password, and their permissions' : '';
}
