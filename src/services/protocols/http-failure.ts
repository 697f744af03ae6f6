/** What an unsuccessful HTTP answer means: an outage, which is retried, or a final refusal. The server's own words decide before its code. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { rateLimitOf, retryAfterOf, RetryAfter } from './retry-after.js';

/** A proxy or a maintenance page has answered instead of the server. */
export class WebPage extends Error {}

export interface HttpAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** The statuses that a retry may clear, besides those of an outage. */
const TRANSIENT = new Set([408, 409, 421, 423, 425, 429]);
const MAX_QUOTED = 300;

/**
 * @param name the server, for people: "payroll"
 * @param what the request: "list Users where …"
 * @param secret what the answer may echo, and no message may show
 * @returns RetryAfter or Error for an outage, FinalFailure Refused where a retry would get the same answer
 */
export function failureOf(answer: HttpAnswer, name: string, what: string, secret: string): Error {
  const { status, headers } = answer;
  const answered = `${name} answered ${status} to "${what}"`;
  if (isRedirect(status)) {
    return refused(`${answered}, a redirect to ${targetOf(headers)}: configure that address if it is right`);
  }
  const reason = reasonIn(answer).replaceAll(secret, '(the token)').slice(0, MAX_QUOTED);
  const sentence = reason ? `${answered}: ${reason}` : answered;
  const afterMs = waitOf(answer);
  if (afterMs !== undefined)
    return new RetryAfter(`${sentence}; it asks to wait ${Math.ceil(afterMs / 1000)} s`, afterMs);
  if (isPage(answer))
    return new WebPage(
      `${answered} with a web page: a proxy or a maintenance page stands in front of ${name}`,
    );
  if (isExhausted(answer)) return new Error(`${sentence}: its rate limit is exhausted`);
  if (status === 401) return refused(`${sentence}; check the token of ${name}`);
  if (status === 403) {
    return refused(
      reason
        ? `${sentence}; mend that on ${name} and retry`
        : `${sentence}: check the token of ${name} and its permissions`,
    );
  }
  const isOutage = status >= 500 ? status !== 501 : TRANSIENT.has(status);
  return isOutage ? new Error(sentence) : refused(sentence);
}

export const isRedirect = (status: number): boolean => status >= 300 && status < 400;

/** Whether a web page came in place of the API's answer. A 401 is believed: an authenticating proxy refuses the token so. */
export function isPage({ status, headers, text }: HttpAnswer): boolean {
  if (status === 401) return false;
  return /^text\/html\b/i.test(headers.get('content-type') ?? '') || /^\s*<[!?a-z]/i.test(text);
}

/** Only 403 and 429 are about the rate: an exhausted limit beside another status says that this request was the last. */
const isExhausted = ({ status, headers }: HttpAnswer): boolean =>
  (status === 403 || status === 429) && rateLimitOf(headers) !== undefined;

/** @returns how long the server asks to wait, in milliseconds; undefined where it does not, or asks for no time at all */
function waitOf(answer: HttpAnswer): number | undefined {
  const told = retryAfterOf(answer.headers);
  return told || (isExhausted(answer) ? rateLimitOf(answer.headers) : undefined) || undefined;
}

function targetOf(headers: Headers): string {
  const location = headers.get('location') ?? '';
  // Only the host, since the query may contain a secret.
  return URL.canParse(location) ? new URL(location).host : 'another path of the same host';
}

/** Where servers put their reason: SCIM (RFC 7644 §3.12), OAuth, problem details (RFC 9457), Keycloak, SCIM 1.1, and others. */
const REASONS = [
  'detail',
  'error_description',
  'errormessage',
  'message',
  'description',
  'title',
  'error',
  'errors',
];

/** @returns the server's own words on one line, with its `scimType`; empty where it gives none */
function reasonIn({ headers, text }: HttpAnswer): string {
  if (/^text\/plain\b/i.test(headers.get('content-type') ?? '')) return oneLine(text);
  try {
    const body: unknown = JSON.parse(text);
    const { scimType } = (body ?? {}) as { scimType?: unknown };
    const type = typeof scimType === 'string' && scimType ? ` (${scimType})` : '';
    return oneLine(wordsIn(body, 0) + type);
  } catch {
    // No JSON: the message has the status code.
    return '';
  }
}

function wordsIn(body: unknown, depth: number): string {
  if (typeof body === 'string') return depth > 0 ? body : '';
  if (typeof body !== 'object' || body === null || depth > 3) return '';
  if (Array.isArray(body)) return wordsIn(body[0], depth + 1);
  const entries = Object.entries(body);
  for (const name of REASONS) {
    const [, value] = entries.find(([key]) => key.toLowerCase() === name) ?? [];
    const words = wordsIn(value, depth + 1);
    if (words) return words;
  }
  return '';
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

const refused = (message: string): FinalFailure => new FinalFailure(FailureType.Refused, message);
