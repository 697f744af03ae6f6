/** What a form sent, and what its page shows of it. */
import type { FastifyRequest } from 'fastify';
import { forms, type Form } from '../client/forms.js';
import { Refusal } from '../exit/refusal.js';
import { HttpProblem, problemOf, type ProblemCode } from './http-problem.js';

/** What a page shows of a form that came before it. */
export interface Shown {
  /** HTTP. */
  code: number;
  /** Why the form was refused. */
  problem: ShownProblem | null;
  /** Which form was refused. */
  refused: string;
  /** What it sent, so that it is not typed again. */
  typed: Record<string, string>;
  /** Which act was done: a member of the texts. */
  done: string;
}

/** A sentence in the language of the page, or a refusal, whose message is in English. */
type ShownProblem = { said: string } | { code: ProblemCode; message: string };

export type Refused = Pick<Shown, 'code' | 'problem'>;
export const nothingRefused: Refused = { code: 200, problem: null };

const acts = new Set([
  'decide',
  'propose',
  'confirm',
  'reject',
  'amend',
  'handOver',
  'interview',
  'resolve',
  'retry',
  'open',
]);

/** After an act, the browser is sent to the page with its name. */
export function formsShown(request: FastifyRequest, shown: Partial<Shown> = {}): Shown {
  const { done = '' } = queryOf(request);
  return {
    ...nothingRefused,
    refused: '',
    typed: {},
    done: acts.has(done) ? done : '',
    ...shown,
  };
}

/** The fields of a form. */
export const fieldsOf = ({ body }: FastifyRequest): Record<string, string> => textsIn(body);

/** The members of the query. */
export const queryOf = ({ query }: FastifyRequest): Record<string, string> => textsIn(query);

/** One that was left empty, or was sent twice, is left out. */
function textsIn(sent: unknown): Record<string, string> {
  const fields = Object.entries((sent ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    fields.flatMap(([name, value]) => {
      const text = typeof value === 'string' ? value.trim() : '';
      return text === '' ? [] : [[name, text]];
    }),
  );
}

/** The form of exits that was chosen. */
export const formIn = ({ form }: Record<string, string>): Form =>
  forms.find((each) => each === form) ?? forms[0];

/** What the person typed does not fit what they saw: a sentence in the language of the page. */
export class Mistyped extends HttpProblem {
  constructor(said: string) {
    super(400, 'invalid', said);
  }
}

/** A refusal that the person can mend on the same page; anything else is thrown on. */
export function shownProblem(error: unknown): Refused {
  if (error instanceof Mistyped) return { code: error.status, problem: { said: error.message } };
  if (!(error instanceof Refusal) && !(error instanceof HttpProblem)) throw error;
  const { status, code, detail } = problemOf(error);
  return { code: status, problem: { code, message: detail } };
}
