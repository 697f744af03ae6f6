/** Refusals in the words of HTTP: problem details (RFC 9457) with the refusal's code. */
import type { FastifyInstance } from 'fastify';
import { Refusal, type Facts, type RefusalCode } from '../exit/refusal.js';

export type ProblemCode =
  | RefusalCode
  | 'unknown-page'
  | 'too-many-requests'
  | 'idempotency-key-reused'
  /** The payload of a webhook lacks what its mapping needs. */
  | 'unmapped'
  | 'failed';

/** A request that the server refuses before it reaches an exit. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';

  constructor(
    readonly status: number,
    readonly code: ProblemCode,
    sentence: string,
    /** Of the answer, such as WWW-Authenticate (RFC 9110 §11.6.1). */
    readonly headers: Record<string, string> = {},
  ) {
    super(sentence);
  }
}

export const forbidden = (sentence: string): HttpProblem => new HttpProblem(403, 'forbidden', sentence);

const statusOf: Record<RefusalCode, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'no-exit': 404,
  'no-interview': 404,
  'no-dead-letter': 404,
  'already-open': 409,
  'had-exit': 409,
  'last-of-protected-group': 409,
  'awaits-second-person': 409,
  'orphaned-hold': 409,
  'not-open': 409,
  'ambiguous-form': 409,
  'not-allowed': 409,
  'ended-from-outside': 409,
  'unknown-employee': 422,
  'other-spelling': 422,
  'not-configured': 503,
  unreachable: 503,
  'no-answer': 504,
  unconfirmed: 504,
};

export const isRefusalCode = (code: ProblemCode): code is RefusalCode => Object.hasOwn(statusOf, code);

/** Whether the same request may succeed later: a server did not answer. */
export const isForARetry = ({ code }: Refusal): boolean => statusOf[code] >= 500;

/** The members of RFC 9457 §3.1, with the code and its facts. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ProblemCode;
  facts: Facts;
}

/** What a client may know of an error; the rest is for the log. */
export function problemOf(error: Error & { statusCode?: number }): Problem {
  if (error instanceof Refusal) return problem(statusOf[error.code], error.code, error.message, error.facts);
  if (error instanceof HttpProblem) return problem(error.status, error.code, error.message);
  const { statusCode = 500, message } = error;
  // Fastify's own refusals: a body that is too large, or that is no JSON.
  if (statusCode === 429) return problem(429, 'too-many-requests', message);
  if (statusCode < 500) return problem(statusCode, 'invalid', message);
  return problem(500, 'failed', 'The server failed. Its log has the reason; an act may have taken effect.');
}

const problem = (status: number, code: ProblemCode, detail: string, facts: Facts = {}): Problem => ({
  type: `urn:ems:problem:${code}`,
  title: titleOf(code),
  ...{ status, detail, code, facts },
});

/** "Last of protected group" */
const titleOf = (code: string): string => `${code[0]!.toUpperCase()}${code.slice(1)}`.replaceAll('-', ' ');

/** For programs: an error is answered as `application/problem+json`. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler((error: Error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) request.log.error({ err: error }, 'a request of a program failed');
    if (error instanceof HttpProblem) void reply.headers(error.headers);
    return reply.code(problem.status).type('application/problem+json').send(problem);
  });
}
