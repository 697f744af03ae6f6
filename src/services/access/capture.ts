/** Finds the employee's account, and records what the hold may take from it. Writes nothing. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { Capture, HoldKind } from '../../exit/hold-facts.js';
import { assertSpelling } from '../../exit/spelling.js';
import type { AccessPort, Account } from './access-port.js';
import { strategyOf } from './strategies.js';

export async function findAccount(
  port: AccessPort,
  employeeId: string,
  signal: AbortSignal,
): Promise<Account | undefined> {
  const [found, ...others] = await port.find(employeeId, signal);
  if (!found) return undefined;
  if (others.length > 0) {
    throw new FinalFailure(
      FailureType.Ambiguous,
      `${others.length + 1} accounts on ${port.system} have the ${found.by} ${employeeId}; exactly one must, so none is changed`,
    );
  }
  assertSpelling(found.value, employeeId, port.system);
  return found.account;
}

export const capture =
  (port: AccessPort) =>
  async (employeeId: string, hold: HoldKind, signal: AbortSignal): Promise<Capture> => {
    const user = await findAccount(port, employeeId, signal);
    const observed: Capture = { system: port.system, capturedAt: new Date().toISOString() };
    if (!user) return observed;
    const { id, userName, identities, active } = user;
    const groups = await strategyOf(port, hold).groupsToTake(id, signal);
    return { ...observed, account: { id, userName, identities, active, groups } };
  };
