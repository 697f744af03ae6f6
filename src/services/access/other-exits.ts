/** The exits of other members: another process of EMS may have removed them from the group in the same moment. */
import { whereUntold } from '../../exit/failures.js';
import { EmployeeId } from '../../exit/ids.js';
import { attributesOfId, type Match } from '../../exit/matching.js';
import { valuesOf } from '../protocols/scim-resource.js';
import type { AccessPort } from './access-port.js';

/** Whether an exit of this employee has set out to remove them from the group in the last minutes. */
export type HasActed = (
  employeeId: string,
  from: { system: string; groupId: string },
  signal: AbortSignal,
) => Promise<boolean>;

/** A removal takes seconds, and the retry of one that was lost some minutes. */
const RECENT_MS = 10 * 60_000;
export const isRecent = (at: Date): boolean => Date.now() - at.getTime() < RECENT_MS;

const asked = new WeakMap<AccessPort, { hasActed: HasActed; match: readonly Match[] }>();

export const askExits = (port: AccessPort, hasActed: HasActed, match: readonly Match[]): void =>
  void asked.set(port, { hasActed, match });

/** @returns the accounts that no exit explains, and whether each account shows whose it is; undefined where no exit can be asked */
export async function unexplained(
  port: AccessPort,
  groupId: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<{ ids: readonly string[]; isTold: boolean | undefined }> {
  const exits = asked.get(port);
  if (!exits) return { ids, isTold: undefined };
  const from = { system: port.system, groupId };
  const left: string[] = [];
  let isTold = true;
  for (const id of ids) {
    const account = await port.read({ id }, signal).catch(whereUntold(undefined));
    const employeeId = attributesOfId(exits.match)
      .flatMap((attribute) => valuesOf(account?.others, attribute))
      .find((each) => EmployeeId.safeParse(each).success);
    isTold &&= employeeId !== undefined;
    if (employeeId === undefined || !(await exits.hasActed(employeeId, from, signal))) left.push(id);
  }
  return { ids: left, isTold };
}
