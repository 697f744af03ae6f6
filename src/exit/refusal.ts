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
