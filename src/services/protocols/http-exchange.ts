/** Requests to one server, and what their failures mean for the next ones. */
import { assertTimeLeft } from './commit-point.js';
import { deadlineIn } from './deadline.js';
import { unanswered } from './fetch-failure.js';
import { isPage, isRedirect, type HttpAnswer } from './http-answer.js';
import { failureOf } from './http-failure.js';
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
  let silence = { untilMs: 0, because: '' };

  function failure(this: void, answer: HttpAnswer, what: string): Error {
    const error = failureOf(answer, name, what, token);
    if (error instanceof RetryAfter)
      silence = { untilMs: Date.now() + error.afterMs, because: error.because };
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
      const waitMs = silence.untilMs - Date.now();
      if (waitMs > 0) throw new RetryAfter(`"${what}" waits, since ${silence.because}`, waitMs);
      await pace?.(signal);
      assertTimeLeft(signal, 0);
      const deadline = deadlineIn(requestTimeoutMs);
      let answer: HttpAnswer;
      try {
        const response = await fetch(base + path, {
          method,
          headers: { authorization: `Bearer ${token}`, ...headers },
          ...(body !== undefined && { body }),
          redirect: 'manual',
          signal: AbortSignal.any([signal, deadline.signal]),
        });
        answer = { status: response.status, headers: response.headers, text: await response.text() };
      } catch (error) {
        if (signal.aborted) throw error;
        throw unanswered(error, { name, at: base, deadline, requestTimeoutMs, secret: token });
      } finally {
        deadline.clear();
      }
      if (isRedirect(answer) || isPage(answer)) throw failure(answer, what);
      return answer;
    },
  };
}
