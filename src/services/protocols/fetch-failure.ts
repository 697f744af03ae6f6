/** Why a request got no answer: an outage, or a refusal of this side. `fetch` says "fetch failed", and its cause has the reason. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Deadline } from './deadline.js';

interface Unanswered {
  /** The server, for people: "payroll", "the calendar of Acme HR". */
  name: string;
  /** Its address, without a secret. */
  at: string;
  /** Aborted where the time for the answer was over. */
  deadline: Deadline;
  requestTimeoutMs: number;
  /** What no message may show. */
  secret?: string | undefined;
}

/** @returns FinalFailure Refused where this side does not send the request, which no retry changes; otherwise Error */
export function unanswered(
  error: unknown,
  { name, at, deadline, requestTimeoutMs, secret }: Unanswered,
): Error {
  const cause = causeOf(error);
  const told = reasonOf(error);
  const why = secret ? told.replaceAll(secret, '(the token)') : told;
  if (isTlsProblem(cause))
    return new FinalFailure(FailureType.Refused, `${name} is not asked at ${at}: ${why}; ${TLS_ADVICE}`);
  if (isOurRefusal(error, cause))
    return new FinalFailure(
      FailureType.Refused,
      `${name} is not asked at ${at}: ${why}; check its address and token`,
    );
  const reason = deadline.signal.aborted ? `no answer within ${requestTimeoutMs} ms` : why;
  return new Error(`${name} cannot be reached at ${at}: ${reason}`, { cause: error });
}

export const TLS_ADVICE =
  'correct its address, port or certificate, or trust its authority with NODE_EXTRA_CA_CERTS, and retry';

/** A certificate that does not verify, or no TLS where it is expected. */
const TLS_CODES =
  /^(CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_(CA|PURPOSE)|HOSTNAME_|PATH_LENGTH_|ERR_TLS_|ERR_SSL_|EPROTO)/;
const TLS_WORDS =
  /\bcertificate\b|wrong version number|unsupported protocol|handshake failure|packet length too long/i;

/** A lost connection is no such problem. Libraries may drop the code. */
export const isTlsProblem = ({ code, message }: NodeJS.ErrnoException): boolean =>
  code !== undefined && /^E(CONN|PIPE|TIMEDOUT)/.test(code)
    ? false
    : TLS_CODES.test(code ?? '') || TLS_WORDS.test(message);

/** `fetch` refuses its own arguments without a code: "bad port", "Headers.append: … is an invalid header value". */
const isOurRefusal = (error: unknown, { code, message }: NodeJS.ErrnoException): boolean =>
  code === undefined
    ? error instanceof TypeError && /^bad port|scheme|is an invalid header|must not include/i.test(message)
    : /^(ERR_INVALID_|INVALID_)/.test(code);

/** In words where the code alone, such as "ECONNREFUSED", does not tell an operator enough. */
export function reasonOf(error: unknown): string {
  const cause = causeOf(error);
  const { code, message } = cause;
  if (code === 'ENOTFOUND') return 'DNS knows no such host (ENOTFOUND)';
  if (code === 'EAI_AGAIN') return 'DNS does not answer (EAI_AGAIN)';
  if (!isTlsProblem(cause)) return code ?? message;
  const words = /SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? message;
  return code === undefined ? words : `${words} (${code})`;
}

function causeOf(error: unknown): NodeJS.ErrnoException {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return new Error(String(cause));
  // That of a DOMException is a number, and says nothing.
  const { code } = cause as { code?: unknown };
  return typeof code === 'string' ? cause : new Error(cause.message, { cause });
}
