/** Requests to one server, and what their failures mean for the next ones. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { assertTimeLeft } from './commit-point.js';
import { isOurRefusal, reasonOf } from './fetch-failure.js';
import { failureOf, isPage, isRedirect, type HttpAnswer } from './http-failure.js';
import type { Pace } from './pace.js';
import { RetryAfter } from './retry-after.js';

export interface HttpServer {
  /** For error messages: "payroll", "the directory". */
  name: string;
  /** Without a slash at its end. */
  base: string;
  token: string;
  requestTimeoutMs: number;
  /** The server's rate limit, if any. */
  pace?: Pace | undefined;
}

interface HttpRequest {
  /** For error messages: "list Users where …". */
  what: string;
  method: string;
  /** Added to the base. */
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export function createExchange({ name, base, token, requestTimeoutMs, pace }: HttpServer) {
  /** No request of this process goes out before, since the server has asked to wait. */
  let silentUntil = 0;

  function failure(this: void, answer: HttpAnswer, what: string): Error {
    const error = failureOf(answer, name, what, token);
    if (error instanceof RetryAfter) silentUntil = Date.now() + error.afterMs;
    return error;
  }

  return {
    failure,

    /**
     * @returns the answer of the server itself, whatever its status
     * @throws Error as on an outage, FinalFailure Refused: also for a redirect, which could send the token to another host
     */
    async send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
      const { what, method, path, headers, body } = request;
      const waitMs = silentUntil - Date.now();
      if (waitMs > 0)
        throw new RetryAfter(
          `${name} has asked to wait until ${new Date(silentUntil).toISOString()}, so "${what}" waits`,
          waitMs,
        );
      await pace?.(signal);
      assertTimeLeft(signal, 0);
      const deadline = AbortSignal.timeout(requestTimeoutMs);
      let answer: HttpAnswer;
      try {
        const response = await fetch(base + path, {
          method,
          headers: { authorization: `Bearer ${token}`, ...headers },
          ...(body !== undefined && { body }),
          redirect: 'manual',
          signal: AbortSignal.any([signal, deadline]),
        });
        answer = { status: response.status, headers: response.headers, text: await response.text() };
      } catch (error) {
        if (signal.aborted) throw error;
        if (isOurRefusal(error)) {
          const why = reasonOf(error).replaceAll(token, '(the token)');
          throw new FinalFailure(
            FailureType.Refused,
            `${name} is not asked at ${base}: ${why}; check its address, certificate and token`,
          );
        }
        const why = deadline.aborted ? `no answer within ${requestTimeoutMs} ms` : reasonOf(error);
        throw new Error(`${name} cannot be reached at ${base}: ${why}`, { cause: error });
      }
      if (isRedirect(answer.status) || isPage(answer)) throw failure(answer, what);
      return answer;
    },
  };
}
