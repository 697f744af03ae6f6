/** Takes access, and observes the result. */
import { boundedNotes } from '../../exit/bounds.js';
import { cannotTell, FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import {
  isNothing,
  type Blocked,
  type CapturedAccount,
  type HoldKind,
  type Taken,
} from '../../exit/hold-facts.js';
import type { AccessPort } from './access-port.js';
import { endUnseen, hasDeleted, noteOfGone, readAsCaptured } from './activation.js';
import type { Held } from './hold-strategy.js';
import { costOf } from '../../exit/cost.js';
import { strategyOf } from './strategies.js';
import { hasOtherNames } from './still-theirs.js';
import { groupsLeftWithout } from './protection.js';

/** Whether a hold deletes the account, by the word of the system, or as was seen there before. */
export const isDeletion = async (port: AccessPort, { kind }: HoldKind, signal: AbortSignal) =>
  kind === 'suspend' && (hasDeleted(port) || (await port.capabilities(signal)).restore === 'nothing');

export const refusalOn = (port: AccessPort): string => {
  const what = hasDeleted(port)
    ? `${port.system} no longer showed an account after its suspension, so that a hold may delete the next one`
    : `a hold would delete the account on ${port.system}, which cannot give it back`;
  return `${what}: accept that in the configuration with "restore: nothing", or block it by hand`;
};

export const block =
  /** @param acceptsDeletion the company accepts that a suspension deletes the account */
  (port: AccessPort, protectedGroups: readonly string[], acceptsDeletion: boolean) =>
    /**
     * @param tried as in `Strategy.block`
     * @param trying as in `Strategy.block`
     * @param overridesProtection a person allows that protected groups lose their last active member
     * @throws FinalFailure LastOfProtectedGroup, MaybeLastOfProtectedGroup, Refused, CannotTell
     */
    async (
      account: CapturedAccount,
      hold: HoldKind,
      tried: Taken,
      trying: (taken: Taken) => Promise<void>,
      signal: AbortSignal,
      { overridesProtection } = { overridesProtection: false },
    ): Promise<Blocked> => {
      const capabilities = await port.capabilities(signal);
      const user = await readAsCaptured(port, account, signal, true);
      const isToBeWritten = user && user.active !== false;
      if (isToBeWritten && !acceptsDeletion && (await isDeletion(port, hold, signal)))
        throw new FinalFailure(FailureType.Refused, `${account.userName}: ${refusalOn(port)}`);
      // A capture that looks again finds it by its keys, and has no such time: then another name is no doubt.
      const isCapturedOnce = account.membershipsAt !== undefined;
      if (isToBeWritten && isCapturedOnce && hasOtherNames(user, account))
        throw cannotTell(
          `the account ${account.userName} (${account.id}) on ${port.system} is called ${[...new Set([user.userName, ...user.identities])].join(', ')} now: look whose it is, and block the employee's account by hand`,
        );
      if (user && !overridesProtection) {
        const { last, untold, because } = await groupsLeftWithout(user, port, protectedGroups, hold, signal);
        const why = because ? ` (${because})` : '';
        if (untold.length > 0)
          throw new FinalFailure(
            FailureType.MaybeLastOfProtectedGroup,
            `cannot tell: ${port.system} does not list who else is in ${untold.join(', ')}${why}, so ${account.userName} may be the last active member: look there, then retry with an override, or block by hand`,
          );
        if (last.length > 0) {
          throw new FinalFailure(
            FailureType.LastOfProtectedGroup,
            `${account.userName} is the last active member of ${last.join(', ')} on ${port.system}: put another member there and retry, or retry with an override`,
          );
        }
      }
      const { writes, ...held }: Held = user
        ? await strategyOf(port, hold)
            .block(account, user, tried, trying, signal)
            .catch(async (failure: unknown) => {
              // It has written all the same.
              if (isFinalFailure(failure, FailureType.CannotTell, FailureType.HarmedOthers))
                await port.endSessions?.(account, signal);
              throw failure;
            })
        : {
            ...{ taken: tried, uncaptured: [], writes: 0 },
            notes: [await noteOfGone(port, account, tried.suspended, signal)],
          };
      // An earlier attempt or a repeated write may have left a request in flight, which would land late. Without conditional writes
      // even a duplicate of a single request would be applied.
      const isUnsettled = !isNothing(tried) || writes > 1 || (writes > 0 && !capabilities.conditionalWrites);
      if (user) await port.endSessions?.(account, signal);
      const ofUnseen = !user && tried.suspended ? await endUnseen(port, account, signal) : [];
      const cost = user ? costOf(capabilities) : undefined;
      const notes = [...held.notes, ...ofUnseen, ...(cost ? [cost] : [])];
      return { blockedAt: new Date().toISOString(), ...held, notes: boundedNotes(notes), isUnsettled };
    };
