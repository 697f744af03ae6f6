/**
 * The final failures of an exit: what no retry will change. Everything that is not one of these is an outage and is
 * retried. The names reach the Web UI as `ApplicationFailure.type`.
 */
export const FailureType = {
  /** What was handed in is not a Resignation. */
  InvalidResignation: 'InvalidResignation',
  /** The workflow was started under an ID other than `exit-<employeeId>`. */
  WrongWorkflowId: 'WrongWorkflowId',
  /** Nobody knows the employee: neither the directory nor any critical system. */
  UnknownEmployee: 'UnknownEmployee',
  /** More than one directory entry or account answers to the employee id. Acting on a guess could hit a stranger. */
  Ambiguous: 'Ambiguous',
  /** A server knows the employee id in another spelling, which would be another workflow ID. */
  OtherSpelling: 'OtherSpelling',
  /** A server understood the request and said no; the same request would get the same answer. */
  Refused: 'Refused',
  /** A mail address is malformed, missing, or refused for good by its server. */
  AddressRefused: 'AddressRefused',
  /** The policy leaves no time for an interview. */
  NoInterviewSlot: 'NoInterviewSlot',
  /** The hold would take away the last active member of a protected group. */
  LastOfProtectedGroup: 'LastOfProtectedGroup',
  /** The exit's plan names a system that the configuration no longer has. */
  UnknownSystem: 'UnknownSystem',
  /** The exit's plan names a step that the configuration no longer has. */
  UnknownStep: 'UnknownStep',
  /** A task was not confirmed in its time. */
  NotConfirmed: 'NotConfirmed',
  /** Something the hold took cannot be given back; the message lists what and why. */
  NotGivenBack: 'NotGivenBack',
  /** Somebody else gave back what the hold had taken, and the policy leaves it to an operator to take it again. */
  Drifted: 'Drifted',
  /** What somebody did by hand has to be undone by hand. */
  DoneByHand: 'DoneByHand',
  /** A step needs what an earlier one, settled by hand, did not leave behind. */
  NothingToGoOn: 'NothingToGoOn',
} as const;

export type FailureType = (typeof FailureType)[keyof typeof FailureType];

/** Why an exit failed. */
export const unknownEmployee = (employeeId: string): string =>
  `No directory and no critical system knows an employee ${employeeId}: check the id`;

/** Thrown by a service when retrying is pointless. The message is one sentence for an operator. */
export class FinalFailure extends Error {
  override readonly name = 'FinalFailure';
  constructor(
    readonly type: FailureType,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What an open exit still has, and the configuration no longer does. */
export const leftConfiguration = (what: 'system' | 'step', name: string): FinalFailure =>
  new FinalFailure(
    what === 'system' ? FailureType.UnknownSystem : FailureType.UnknownStep,
    `the configuration has no ${what} "${name}" any more; put it back or settle the step by hand`,
  );

/** What a task says whose person was asked, and has not confirmed it in its time. */
export const notConfirmed = (step: string, by: string) => ({
  step,
  error: `${by} has not confirmed ${step} in its time: ask them, or settle the step`,
  type: FailureType.NotConfirmed,
});

/** The only one of a failure's `details`: what the attempts had reported until then, null for nothing. */
export interface Reported {
  reported: unknown;
}
