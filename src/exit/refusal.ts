/** The reason of a refusal, for programs. */
export type RefusalCode =
  /** The input is malformed. */
  | 'invalid'
  | 'unknown-employee'
  | 'other-spelling'
  | 'already-open'
  /** A table opens no exit of an employee who had one: it may be an old table. */
  | 'had-exit'
  | 'last-of-protected-group'
  /** The opening is beyond a limit: it is kept, and waits for a second person. */
  | 'awaits-second-person'
  /** An orchestrated exit was terminated or timed out: only another orchestrated exit takes over its holds. */
  | 'orphaned-hold'
  | 'no-exit'
  | 'no-interview'
  | 'no-dead-letter'
  | 'not-open'
  /** The employee has an open exit in each form. */
  | 'ambiguous-form'
  /** The rules of the exit refuse it. */
  | 'not-allowed'
  /** The exit was terminated or timed out, so it answers no query and no update. */
  | 'ended-from-outside'
  | 'no-answer'
  /** No answer arrived; the exit may have done what was asked. */
  | 'unconfirmed'
  | 'unreachable'
  | 'not-configured'
  /** Who is asking is not known. */
  | 'unauthenticated'
  /** Neither the role nor the token of the one who asks allows it. */
  | 'forbidden';

/** Plain JSON. */
export type Facts = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request that EMS understood and refuses. The message is one sentence for a person: what happened, to whom, what to do next. */
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

/** @param exitId the requested exit; undefined for the newest one */
export const noExit = (employeeId: string, exitId?: string): Refusal =>
  new Refusal('no-exit', `${employeeId} has no exit${exitId === undefined ? '' : ` ${exitId}`}`, {
    ...{ employeeId, exitId },
  });

export const alreadyOpen = (employeeId: string, form: string): Refusal =>
  new Refusal('already-open', `${employeeId} already has an open exit`, { employeeId, form });

/**
 * @param facts about the exit
 * @param how it ended
 * @param exitId the requested exit; undefined for the newest one
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

/** A day begins in the time zone of the employee: a guess could revoke access hours too early. */
export const dayNotTold = (employeeId: string, day: string, cause: unknown): Refusal =>
  new Refusal(
    'no-answer',
    `When ${day} begins for ${employeeId} cannot be told: ${(cause as Error).message}. Try again later`,
    { employeeId, day },
    { cause },
  );

export const notAllowed = (
  employeeId: string,
  form: string,
  problem: string,
  options?: ErrorOptions,
): Refusal => new Refusal('not-allowed', `Refused: ${problem}`, { employeeId, form }, options);
