/** How long a server asks to wait: `Retry-After` (RFC 9110 §10.2.3), or the reset of an exhausted rate limit. */

/** Caps the delay, so that a server's wrong date does not keep an exit open. */
const MAX_DELAY_MS = 60 * 60 * 1000;

/** A failure that is not final, from a server that names the delay of the retry. */
export class RetryAfter extends Error {
  constructor(
    message: string,
    readonly afterMs: number,
  ) {
    super(message);
  }
}

/** @returns milliseconds from now; undefined where the header is missing or malformed */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  // By the server's own clock, which may differ from ours.
  const now = Date.parse(headers.get('date') ?? '') || Date.now();
  return bounded(/^\d+(\.\d+)?$/.test(value) ? 1000 * Number(value) : Date.parse(value) - now);
}

/** The spellings of the rate limit's headers: GitHub's, Okta's, and those of the IETF draft. */
const LIMITS = ['x-ratelimit-', 'x-rate-limit-', 'ratelimit-'];

/** @returns milliseconds until the exhausted rate limit resets, 0 where no header says when; undefined where it is not exhausted */
export function rateLimitOf(headers: Headers): number | undefined {
  const limit = LIMITS.find((each) => headers.get(`${each}remaining`)?.trim() === '0');
  if (limit === undefined) return undefined;
  const reset = Number(headers.get(`${limit}reset`) ?? Number.NaN);
  // Seconds from now, or a point of time in seconds since 1970.
  return bounded(reset > 1e9 ? 1000 * reset - Date.now() : 1000 * reset) ?? 0;
}

const bounded = (ms: number): number | undefined =>
  Number.isNaN(ms) ? undefined : Math.min(MAX_DELAY_MS, Math.max(0, ms));
