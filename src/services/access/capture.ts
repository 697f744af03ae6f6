/** Finds the employee's account, and records what the hold may take from it. Writes nothing. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Capture, HoldKind } from '../../exit/hold-facts.js';
import { isById, valueOf, type Match } from '../../exit/matching.js';
import { assertSpelling } from '../../exit/spelling.js';
import type { AccessPort, Account } from './access-port.js';
import { strategyOf } from './strategies.js';

export async function findAccount(
  port: AccessPort,
  match: readonly Match[],
  employeeId: string,
  signal: AbortSignal,
): Promise<Account | undefined> {
  for (const key of match) {
    const value = valueOf(key, { employeeId });
    if (value === undefined) continue;
    const [found, ...others] = await port.find({ attribute: key.attribute, value }, signal);
    if (!found) continue;
    if (others.length > 0) {
      throw new FinalFailure(
        FailureType.Ambiguous,
        `${others.length + 1} accounts on ${port.system} have the ${key.attribute} ${value}; exactly one must, so none is changed`,
      );
    }
    if (isById(key)) assertSpelling(found.value, employeeId, port.system);
    return found.account;
  }
  return undefined;
}

export const capture =
  (port: AccessPort, match: readonly Match[]) =>
  async (employeeId: string, hold: HoldKind, signal: AbortSignal): Promise<Capture> => {
    const user = await findAccount(port, match, employeeId, signal);
    const observed: Capture = { system: port.system, capturedAt: new Date().toISOString() };
    if (!user) return observed;
    const { id, userName, identities, active } = user;
    const groups = await strategyOf(port, hold).groupsToTake(id, signal);
    return { ...observed, account: { id, userName, identities, active, groups } };
  };
