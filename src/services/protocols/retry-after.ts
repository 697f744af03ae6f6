/**
 * Whether a server asks to wait, and how long: by `Retry-After` (RFC 9110 §10.2.3), by the reset of an exhausted rate limit, or by its
 * words alone.
 */
import type { HttpAnswer } from './http-answer.js';
import { scimTypeIn, unquoted } from './http-reason.js';

/** Caps the pause, so that a server's wrong date does not keep an exit open. */
const LONGEST_MS = 60 * 60 * 1000;
/** For a limit without a time. GitHub asks for a minute at least. */
const UNTOLD_MS = 60 * 1000;

/** A failure that is not final, of a server that wants the retry later. Its message says when that is. */
export class RetryAfter extends Error {
  readonly afterMs: number;
  /** @param because the failure, without the time */
  constructor(
    readonly because: string,
    afterMs: number,
  ) {
    const pauseMs = Math.min(LONGEST_MS, Math.max(0, afterMs));
    super(`${because}; the next attempt waits until ${new Date(Date.now() + pauseMs).toISOString()}`);
    this.afterMs = pauseMs;
  }
}

/** @returns the outage; undefined where the answer does not ask to wait */
export function waitAskedIn(answer: HttpAnswer, sentence: string): Error | undefined {
  const told = retryAfterOf(answer.headers);
  if (told !== undefined) return told > 0 ? asked(sentence, told) : new Error(sentence);
  const resetsIn = isAboutRate(answer) ? rateLimitOf(answer.headers) : undefined;
  if (resetsIn) return asked(sentence, resetsIn);
  return resetsIn === 0 || saysThrottled(answer)
    ? new RetryAfter(`${sentence}; its rate limit is exhausted`, UNTOLD_MS)
    : undefined;
}

function asked(sentence: string, ms: number): RetryAfter {
  const seconds = (of: number): string => `${Math.ceil(of / 1000)} s`;
  const cut = ms > LONGEST_MS ? `, and is asked again after ${seconds(LONGEST_MS)}` : '';
  return new RetryAfter(`${sentence}; it asks to wait ${seconds(ms)}${cut}`, ms);
}

/** An exhausted limit beside another status says that this request was the last. */
const isAboutRate = ({ status }: HttpAnswer): boolean => status === 403 || status === 429;

const SECONDS = /^([+-]?\d+(?:\.\d*)?)\s*(?:s|sec|seconds?)?$/i;

/** @returns milliseconds from now, 0 where the time has passed or is unreadable; undefined without the header */
function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  // A proxy may add a header of its own: `fetch` joins them by a comma.
  const numbers = value.split(',').map((each) => Number(SECONDS.exec(each.trim())?.[1] ?? NaN));
  if (!numbers.some(Number.isNaN)) return Math.max(0, 1000 * Math.max(...numbers));
  // By the server's own clock, which may differ from ours.
  const now = Date.parse(headers.get('date') ?? '') || Date.now();
  return Math.max(0, Date.parse(value) - now || 0);
}

/** The spellings of the rate limit's headers: GitHub's, Okta's, and those of the earlier IETF drafts. */
const LIMITS = ['x-ratelimit-', 'x-rate-limit-', 'ratelimit-'];

/** @returns milliseconds until the exhausted rate limit resets, 0 where no header says when; undefined where it is not exhausted */
function rateLimitOf(headers: Headers): number | undefined {
  const limit = LIMITS.find((each) => headers.get(`${each}remaining`)?.trim() === '0');
  if (limit !== undefined) return resetOf(headers.get(`${limit}reset`) ?? '');
  // The later drafts have one field: `"default";r=0;t=30`.
  const field = headers.get('ratelimit') ?? '';
  if (!/\b(r|remaining)=0\b/.test(field)) return undefined;
  return resetOf(/\b(?:t|reset)=(\d+)/.exec(field)?.[1] ?? '');
}

/** @param reset seconds from now, seconds or milliseconds since 1970, or a date */
function resetOf(reset: string): number {
  const number = reset.trim() === '' ? NaN : Number(reset);
  const ms = number > 1e12 ? number : number > 1e9 ? 1000 * number : Date.now() + 1000 * number;
  return Math.max(0, (Number.isNaN(ms) ? Date.parse(reset) : ms) - Date.now() || 0);
}

/** The words and codes of GitHub, Google, AWS, Salesforce, Slack and others. */
const THROTTLED =
  /rate.?limit(ed|ing|s)?\b(?!-)|rate.?limit.?exceeded|\brate exceeded|throttl(ed|ing)|too.?many.?(requests|calls|attempts)|(request|api|call|daily|hourly|usage)s?.?(limit|quota).{0,30}(exceed|reach)|quota.?exceeded|exceeded.{0,40}\b(rate|requests?|calls|quota)\b|\bslow.?down\b|"scimtype":\s*"toomany"/i;

/** A refused token, an unknown address or method, and a full disk. */
const NO_RATE = new Set([401, 404, 405, 410, 413, 501, 505, 507]);
/** A quota that waiting does not lift. */
const OF_OTHER_THINGS =
  /\b(licen[cs]e|seat|storage|disk|mailbox|subscription)s?\b.{0,20}?\b(quota|limit)s?( \w+)?/gi;

/** A web page may be about anything, and a link about the limit is no limit. */
function saysThrottled({ status, text, headers }: HttpAnswer): boolean {
  const type = scimTypeIn({ text });
  if (NO_RATE.has(status) || (type && !/^tooMany$/i.test(type))) return false;
  if (/<(!doctype html|html|head|body)\b/i.test(text)) return false;
  const words = text.slice(0, 4_000).replaceAll(/https?:\/\/[^\s"]+/g, '');
  return THROTTLED.test(withoutNames(words, headers).replaceAll(OF_OTHER_THINGS, '…'));
}

/** Names stand in quotes. Those of JSON itself are no quotes. */
const withoutNames = (text: string, headers: Headers): string =>
  /^text\/plain\b/i.test(headers.get('content-type') ?? '')
    ? unquoted(text)
    : text.replaceAll(/\\"[^"\\]*\\"|(?<!\w)'[^'"]*'(?!\w)|“[^”"]*”/g, '…');
