/** What an exit would find and do, read from the servers before anything is started. */
import type { Config } from '../config.js';
import { FailureType, FinalFailure } from '../exit/failures.js';
import type { Capture, GroupRef } from '../exit/hold.js';
import type { Employee } from '../exit/people.js';
import { createAccess, createDirectory } from '../services/index.js';

export interface Preview {
  /** Absent when the directory knows nobody of that id. */
  employee?: Employee | undefined;
  /** Why the directory could not be asked. */
  directoryProblem?: string | undefined;
  systems: PreviewedSystem[];
}

export interface PreviewedSystem {
  name: string;
  hold: string;
  capture?: Capture;
  /** What revocation would remove. */
  memberships?: GroupRef[];
  /** The protected groups that the hold would leave without an active member. */
  lastOf?: string[];
  problem?: string;
}

export async function preview(config: Config, employeeId: string): Promise<Preview> {
  const access = createAccess(config);
  const signal = AbortSignal.timeout(2 * config.policy.requestTimeout);
  const directory = createDirectory(config)
    .lookUp(employeeId, signal)
    .then(
      (employee) => ({ employee }),
      (error: Error) => (isUnknown(error) ? {} : { directoryProblem: error.message }),
    );
  const systems = config.systems.map(async ({ name, hold }): Promise<PreviewedSystem> => {
    const shown = {
      name,
      hold: hold.kind === 'suspend' ? 'suspend the account' : `take ${hold.groups.join(', ')}`,
    };
    try {
      const service = access.get(name)!;
      const capture = await service.capture(employeeId, hold, signal);
      const { account } = capture;
      if (!account) return { ...shown, capture };
      const memberships = await service.memberships(account.id, signal);
      const lastOf = await service.wouldBeLast(account, hold, signal);
      return { ...shown, capture, memberships, lastOf };
    } catch (error) {
      return { ...shown, problem: (error as Error).message };
    }
  });
  return { ...(await directory), systems: await Promise.all(systems) };
}

/** Whether nobody at all knows the employee: then an id was mistyped. */
export const isNobody = ({ employee, directoryProblem, systems }: Preview): boolean =>
  !employee && !directoryProblem && systems.every(({ capture }) => capture !== undefined && !capture.account);

const isUnknown = (error: Error): boolean =>
  error instanceof FinalFailure && error.type === FailureType.UnknownEmployee;
