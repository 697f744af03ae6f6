/** `Retry-After` (RFC 9110 §10.2.3). */

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
  const ms = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(MAX_DELAY_MS, Math.max(0, ms));
}
