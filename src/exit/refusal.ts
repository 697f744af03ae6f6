/** Why the answer is no, for programs; what a person reads is the sentence. */
export type RefusalCode =
  /** What was handed in is malformed. */
  | 'invalid'
  | 'unknown-employee'
  | 'other-spelling'
  | 'already-open'
  | 'last-of-protected-group'
  /** An orchestrated exit ended from outside: only another orchestrated one takes over what it held. */
  | 'orphaned-hold'
  | 'no-exit'
  | 'no-interview'
  | 'no-dead-letter'
  | 'not-open'
  /** An open exit of the employee in each form. */
  | 'ambiguous-form'
  /** The rules of the exit say no. */
  | 'not-allowed'
  /** The exit was terminated, or ran into a time limit: it answers no longer. */
  | 'ended-from-outside'
  | 'no-answer'
  /** The answer is missing; what was asked for may have been done. */
  | 'unconfirmed'
  | 'unreachable'
  | 'not-configured';

/** Plain JSON. */
export type Facts = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What was asked for is understood, and the answer is no: one clear sentence. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: RefusalCode,
    sentence: string,
    readonly facts: Facts = {},
    options?: ErrorOptions,
  ) {
    super(sentence, options);
  }
}

/** @param exitId the one that was asked for; without it, the newest */
export const noExit = (employeeId: string, exitId?: string): Refusal =>
  new Refusal('no-exit', `${employeeId} has no exit${exitId === undefined ? '' : ` ${exitId}`}`, {
    ...{ employeeId, exitId },
  });

export const alreadyOpen = (employeeId: string, form: string): Refusal =>
  new Refusal('already-open', `${employeeId} already has an open exit`, { employeeId, form });

/**
 * @param facts of the exit that was meant
 * @param how it ended
 * @param exitId the one that was asked for
 */
export function notOpen(
  facts: Facts & { endedAt?: string | undefined },
  how: string,
  exitId?: string,
): Refusal {
  const { employeeId, endedAt } = facts;
  const last = exitId === undefined ? 'the last one' : `the exit ${exitId}`;
  const sentence = `${String(employeeId)} has no open exit: ${last} ended at ${endedAt} (${how})`;
  return new Refusal('not-open', sentence, facts);
}

/** The rules of the exit say no. */
export const notAllowed = (
  employeeId: string,
  form: string,
  problem: string,
  options?: ErrorOptions,
): Refusal => new Refusal('not-allowed', `Refused: ${problem}`, { employeeId, form }, options);
