/** Suspends or reactivates an account, and observes it. */
import { setTimeout as pause } from 'node:timers/promises';
import { cannotTell, FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import type { AccountRef, CapturedAccount } from '../../exit/hold-facts.js';
import type { AccessPort, Account } from './access-port.js';
import { converge } from './converge.js';

/** Systems that did not show an account any more after its suspension, so that the next one may be deleted as well. */
const deleting = new WeakSet<AccessPort>();
export const hasDeleted = (port: AccessPort): boolean => deleting.has(port);
/** To be called where the account was there right before our write alone: another administrator may delete one too. */
export const noteDeletion = (port: AccessPort): void => void deleting.add(port);
/** The system has only hidden it. */
export const forgetDeletion = (port: AccessPort): void => void deleting.delete(port);

/**
 * Soon after a write, a read may show what was before: what is not as EMS has left it is read again, `settleMs` later.
 * @param left the value that EMS has left, or would have found; undefined where any is as good
 */
export async function readSettled(
  port: AccessPort,
  account: Parameters<AccessPort['read']>[0],
  signal: AbortSignal,
  left: boolean | undefined,
): Promise<Account | undefined> {
  const user = await port.read(account, signal);
  if (left === undefined || user?.active !== !left) return user;
  await pause((await port.capabilities(signal)).settleMs, undefined, { signal });
  return port.read(account, signal);
}

/** Before the first write: what the capture was shown, one answer may leave out, and a hold would not know what it takes. */
export async function readAsCaptured(
  port: AccessPort,
  captured: CapturedAccount,
  signal: AbortSignal,
  left?: boolean,
): Promise<Account | undefined> {
  const user = await readSettled(port, captured, signal, left);
  const isLeftOut = user && user.active === undefined && captured.active !== undefined;
  return (isLeftOut && (await port.read(captured, signal))) || user;
}

/**
 * @param first the account as read just now
 * @param replaced what the suspension replaced, for a reactivation
 * @returns the account as last seen, undefined where it was deleted; and how many of our writes may have caused it
 * @throws FinalFailure Refused; CannotTell where the system does not show whether an account is active
 */
export async function setActive(
  port: AccessPort,
  account: AccountRef,
  active: boolean,
  signal: AbortSignal,
  first?: Account,
  replaced?: string,
): Promise<{ seen: Account | undefined; writes: number }> {
  const verb = active ? 'reactivating' : 'suspending';
  const { settleMs } = await port.capabilities(signal);
  let isHidden = false;
  const result = await converge<Account | undefined>(
    {
      ...{ port, first },
      what: `${verb} the account ${account.userName} on ${port.system}`,
      read: () => port.read(account, signal),
      // What is not shown cannot be waited for: one write is all that can be done.
      isWanted: (seen) => !seen || seen.active === active || (isHidden && seen.active === undefined),
      valueOf: (seen) => seen && String(seen.active),
      write: (seen, way, isUnversioned) => {
        isHidden = seen!.active === undefined;
        const version = isUnversioned ? undefined : seen!.version;
        return port.setActive({ ...seen!, version, replaces: replaced }, active, signal, way);
      },
      settleMs,
    },
    signal,
  );
  if (result.seen && result.seen.active === undefined)
    throw cannotTell(
      `${port.system} does not show whether the account ${account.userName} is active, and accepted ${verb} it: look at it there, then settle the step`,
    );
  return result;
}

export const hasExpired = ({ expires }: Account): boolean =>
  expires !== undefined && Date.parse(expires) <= Date.now();

/** @returns notes on an account that expires by itself */
export function notesOfEnd(account: Account): string[] {
  const { userName, expires } = account;
  if (expires === undefined) return [];
  return [
    hasExpired(account)
      ? `${userName} expired at ${expires}, which EMS has not set: change it there if the person is to log in`
      : `${userName} expires at ${expires}, which EMS has not set`,
  ];
}

/**
 * Ends the sessions of an account that the system does not show since its suspension: a deleted one has none, and the system may say so
 * by a refusal.
 * @returns notes
 */
export async function endUnseen(
  port: AccessPort,
  account: AccountRef,
  signal: AbortSignal,
): Promise<string[]> {
  try {
    await port.endSessions?.(account, signal);
    return [];
  } catch (error) {
    if (!isFinalFailure(error, FailureType.Refused)) throw error;
    return [`whether the sessions of ${account.userName} have ended cannot be told: ${error.message}`];
  }
}

/**
 * @param isOurs our suspension, also one whose answer was lost, may have deleted it
 * @returns a note on an account that no longer exists
 * @throws FinalFailure NotGivenBack where the suspension may have deleted it, unless the company accepts that
 */
export async function noteOfGone(
  port: AccessPort,
  account: AccountRef,
  isOurs: boolean,
  signal: AbortSignal,
): Promise<string> {
  if (!isOurs) return 'the account no longer exists';
  const what = `${port.system} no longer shows the account ${account.userName} after it was suspended: it cannot give it back`;
  if ((await port.capabilities(signal)).restore === 'nothing') return what;
  const ofSessions = await endUnseen(port, account, signal);
  throw new FinalFailure(
    FailureType.NotGivenBack,
    `${[what, ...ofSessions].join('; ')}. Tell the HR partner, and settle the step. Before the next hold, accept that in the configuration with "restore: nothing", or take the system out of it`,
  );
}
