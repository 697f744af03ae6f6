/**
 * The final failures of an exit: no retry would help. Any other error is an outage, which is retried. The names reach the Web UI as
 * `ApplicationFailure.type`.
 */
import { boundedText } from './bounds.js';
import { stepKey, type Step } from './status.js';

export const FailureType = {
  /** The workflow input is not a Resignation. */
  InvalidResignation: 'InvalidResignation',
  /** The workflow was started under an ID other than `exit-<employeeId>`. */
  WrongWorkflowId: 'WrongWorkflowId',
  /** Neither the directory nor any critical system knows the employee. */
  UnknownEmployee: 'UnknownEmployee',
  /** Several directory entries or accounts match the employee id. A guess could block a stranger. */
  Ambiguous: 'Ambiguous',
  /** A server spells the employee id differently, which would be another workflow ID. */
  OtherSpelling: 'OtherSpelling',
  /** A server answered, and its answer does not tell what the step must know. */
  CannotTell: 'CannotTell',
  /** Neither the resignation, the directory nor another system tells the key of the employee in a system. */
  KeyUnknown: 'KeyUnknown',
  /** A server refused the request; it would refuse the same request again. */
  Refused: 'Refused',
  /** A mail address is malformed or missing, or its server refused it with a 5yz reply (RFC 5321 §4.2.1). */
  AddressRefused: 'AddressRefused',
  /** The policy leaves no free slot for the interview. */
  NoInterviewSlot: 'NoInterviewSlot',
  /** A write took access from others as well. */
  HarmedOthers: 'HarmedOthers',
  /** The hold would leave a protected group without an active member. */
  LastOfProtectedGroup: 'LastOfProtectedGroup',
  /** Whether it would, the system does not tell. */
  MaybeLastOfProtectedGroup: 'MaybeLastOfProtectedGroup',
  /** The exit's plan names a system that the configuration no longer has. */
  UnknownSystem: 'UnknownSystem',
  /** The exit's plan names a step that the configuration no longer has. */
  UnknownStep: 'UnknownStep',
  /** The person of a task did not confirm it in time. */
  NotConfirmed: 'NotConfirmed',
  /** The restore could not give everything back; the message lists what and why. */
  NotGivenBack: 'NotGivenBack',
  /** Another administrator gave access back, and the policy leaves the next block to an operator. */
  Drifted: 'Drifted',
  /** The system gives access back again and again during a hold. */
  Restless: 'Restless',
  /** A person did the step by hand, so a person has to undo it. */
  DoneByHand: 'DoneByHand',
  /** The API has not signed what the service is asked to do. */
  Unsigned: 'Unsigned',
  /** The step needs the result of an earlier step that was settled by hand. */
  NothingToGoOn: 'NothingToGoOn',
} as const;

export type FailureType = (typeof FailureType)[keyof typeof FailureType];

export const isFailureType = (type: string | null | undefined): type is FailureType =>
  Object.values<string | null | undefined>(FailureType).includes(type);

export const unknownEmployee = (employeeId: string): string =>
  `No directory and no critical system knows an employee ${employeeId}: check the id`;

/** A service throws it where a retry is pointless. The message is one sentence for an operator. */
export class FinalFailure extends Error {
  override readonly name = 'FinalFailure';
  constructor(
    readonly type: FailureType,
    message: string,
    options?: ErrorOptions,
  ) {
    super(boundedText(message), options);
  }
}

export const isFinalFailure = (error: unknown, ...types: FailureType[]): error is FinalFailure =>
  error instanceof FinalFailure && types.includes(error.type);

/** Whether a step that fails so could not be told, where another one was refused or went wrong. */
export const isUntold = (type: string | undefined): boolean =>
  type === FailureType.CannotTell ||
  type === FailureType.KeyUnknown ||
  type === FailureType.MaybeLastOfProtectedGroup;

/** Whether a person may override what the step failed for. */
export const isProtection = (type: string | undefined): boolean =>
  type === FailureType.LastOfProtectedGroup || type === FailureType.MaybeLastOfProtectedGroup;

/**
 * @param failures of several accounts, at least one
 * @param losses what a person must know of the other accounts
 * @returns the failure of them all. One that a retry mends comes first, since the retry meets the final ones again
 */
export function together(failures: readonly unknown[], losses: readonly string[] = []): unknown {
  const final = failures.filter((failure) => failure instanceof FinalFailure);
  const mendable = failures.find((failure) => !final.some((each) => each === failure));
  if (mendable !== undefined || final.length + losses.length < 2) return mendable ?? final[0];
  const { type } = final.find((each) => !isUntold(each.type)) ?? final[0]!;
  const sentences = new Set([...final.map(({ message }) => message), ...losses]);
  return new FinalFailure(type, [...sentences].join('; '), { cause: final[0] });
}

/** @param what what the system answered, whom it concerns, and what a person is to look at */
export const cannotTell = (what: string): FinalFailure =>
  new FinalFailure(FailureType.CannotTell, `cannot tell: ${what}`);

/** @returns what `cannotTell` was given, or the message of another failure */
export const untoldIn = ({ message }: Pick<Error, 'message'>): string =>
  message.replace(/^cannot tell: /, '');

/** For `catch`: stands in for an answer that a system refuses or does not tell. Any other failure is thrown on. */
export const whereUntold =
  <T>(instead: T) =>
  (error: unknown): T => {
    if (isFinalFailure(error, FailureType.CannotTell, FailureType.Refused)) return instead;
    throw error;
  };

/** The plan of an open exit names a system or a step that the configuration no longer has. */
export const leftConfiguration = (what: 'system' | 'step', name: string): FinalFailure =>
  new FinalFailure(
    what === 'system' ? FailureType.UnknownSystem : FailureType.UnknownStep,
    `the configuration has no ${what} "${name}" any more; put it back or settle the step by hand`,
  );

/** The data of `step.needs-attention` where the person of a task did not confirm it in time. */
export const notConfirmed = ({ name, system }: Pick<Step, 'name' | 'system'>, by: string) => ({
  step: name,
  system,
  error: `${by} has not confirmed ${stepKey({ name, system })} in time: ask them, or settle the step`,
  type: FailureType.NotConfirmed,
});

/** The one element of a failure's `details`. */
export interface Reported {
  /** The last heartbeat details of its attempts; null where there were none. */
  reported: unknown;
  /** Before it the server wants no further attempt: milliseconds since the epoch. */
  retryAt?: number;
}
