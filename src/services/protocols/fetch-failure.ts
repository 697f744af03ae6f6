/** Why a `fetch` failed: it says "fetch failed", and its cause has the reason, such as "ECONNREFUSED". */
export function reasonOf(error: unknown): string {
  const cause = causeOf(error);
  if (!(cause instanceof Error)) return String(cause);
  return (cause as NodeJS.ErrnoException).code ?? cause.message;
}

/** A certificate that does not verify, a malformed URL or header, or plain HTTP on a port for TLS. */
const REFUSALS =
  /^(CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|HOSTNAME_|PATH_LENGTH_|ERR_TLS_|ERR_SSL_|ERR_INVALID_|EPROTO)/;

/** Whether this side refused to send the request, which no retry changes. A lost connection is no refusal. */
export function isOurRefusal(error: unknown): boolean {
  const { code, message } = causeOf(error) as NodeJS.ErrnoException;
  if (code !== undefined) return REFUSALS.test(code);
  // `fetch` refuses its own arguments without a code: "bad port", "Headers.append: … is an invalid header value".
  return (
    error instanceof TypeError && /^bad port|scheme|is an invalid header|must not include/i.test(message)
  );
}

const causeOf = (error: unknown): unknown =>
  error instanceof Error && error.cause instanceof Error ? error.cause : error;
