/** `Retry-After` (RFC 9110 §10.2.3): a server says when it wants to be asked again. */

/** A server that errs by a year does not keep an exit open for as long. */
const LONGEST_MS = 60 * 60 * 1000;

/** A failure that is not final, of a server that says when to try again. */
export class RetryAfter extends Error {
  constructor(
    message: string,
    readonly afterMs: number,
  ) {
    super(message);
  }
}

/** In milliseconds from now; undefined where there is none, or it says nothing. */
export function retryAfterOf(headers: Headers): number | undefined {
  const value = headers.get('retry-after')?.trim();
  if (!value) return undefined;
  const ms = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(LONGEST_MS, Math.max(0, ms));
}
