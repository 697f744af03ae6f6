/** Errors in the words of the command line: with what to type next. */
import { CommanderError } from 'commander';
import { Refusal, type Facts, type RefusalCode } from '../exit/refusal.js';
import { SIGNED_ALONE } from '../exit/signature.js';
import type { Session } from './session.js';

/** What --json prints of an error. */
interface ErrorDocument {
  error: string;
  /** `failed`: not refused, but broken. */
  code: RefusalCode | 'failed';
  facts: Facts;
}

const status = ({ employeeId = '<employeeId>' }: Facts): string => `ems status ${String(employeeId)}`;
const resign = ({ employeeId }: Facts): string => `ems resign ${String(employeeId)}`;

const variables = { orchestrated: 'TEMPORAL_ADDRESS', choreographed: 'NATS_URL' };
const addressOf = ({ form }: Facts): string | undefined => variables[form as keyof typeof variables];
/** What a console lacks, its operators start. */
const isOfConsole = ({ console }: Facts): boolean => console !== undefined;
const stack = 'start the local stack with "npm start", or set';

type Hint = (facts: Facts, message: string, session: Pick<Session, 'by'>) => string | undefined;

const hints: Partial<Record<RefusalCode, Hint>> = {
  'already-open': status,
  'had-exit': status,
  'no-interview': status,
  unconfirmed: status,
  'orphaned-hold': resign,
  'ended-from-outside': resign,
  'ambiguous-form': () => 'say which one with --form',
  'last-of-protected-group': (_facts, _message, session) =>
    `put another member there, or use --override${session.by('your')}`,
  'awaits-second-person': ({ employeeId }, _message, session) =>
    `ems openings ${String(employeeId)} --confirm${session.by('their')}`,
  'no-dead-letter': () => 'ems dead-letters list',
  unauthenticated: () => 'ems login, or a new EMS_TOKEN',
  'not-allowed': (_facts, message) => (message.includes(SIGNED_ALONE) ? 'ems login' : undefined),
  unreachable: (facts) => (isOfConsole(facts) ? undefined : `${stack} ${addressOf(facts)}`),
  'not-configured': (facts) =>
    isOfConsole(facts)
      ? undefined
      : facts['form'] === undefined
        ? `${stack} TEMPORAL_ADDRESS or NATS_URL`
        : `set ${addressOf(facts)}`,
};

/** An error for people, with what to type, and for programs. */
export function describeError(
  error: Error,
  session: Pick<Session, 'by'>,
): { sentence: string; document: ErrorDocument } {
  const message = error.message.replace(/^error: /, '');
  if (!(error instanceof Refusal)) {
    const code = error instanceof CommanderError ? 'invalid' : 'failed';
    return { sentence: message, document: { error: message, code, facts: {} } };
  }
  const { code, facts } = error;
  const hint = hints[code]?.(facts, message, session);
  const sentence = hint === undefined ? message : `${message}${message.endsWith('?') ? '' : ':'} ${hint}`;
  return { sentence, document: { error: message, code, facts } };
}
