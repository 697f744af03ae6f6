/** Reads what an exit would find and do, and changes nothing. */
import type { Config } from '../config/config.js';
import { FailureType, FinalFailure } from '../exit/failures.js';
import type { Capture, GroupRef } from '../exit/hold-facts.js';
import type { Employee } from '../exit/people.js';
import { createAccess, createDirectory } from '../services/from-config.js';

export interface Preview {
  /** Absent where the directory has no such employee. */
  employee?: Employee | undefined;
  /** Why the directory did not answer. */
  directoryProblem?: string | undefined;
  /** A server spells the employee id differently: EMS opens no exit under this spelling. */
  spellingProblem?: string | undefined;
  systems: PreviewedSystem[];
}

export interface PreviewedSystem {
  name: string;
  hold: string;
  capture?: Capture;
  /** What a revocation would remove. */
  memberships?: GroupRef[];
  /** Names of the protected groups that the hold would leave without an active member. */
  lastOf?: string[];
  problem?: string;
}

/** @param withinMs a server that has not answered by then is a problem in the preview */
export async function previewOf(config: Config, employeeId: string, withinMs: number): Promise<Preview> {
  const access = createAccess(config);
  const signal = AbortSignal.timeout(withinMs);
  const directory = createDirectory(config)
    .lookUp(employeeId, signal)
    .then((employee) => ({ employee }), problemOf);
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

/** Whether no directory and no system knows the employee: the id is probably mistyped. */
export const isUnknownEverywhere = ({ employee, directoryProblem, systems }: Preview): boolean =>
  !employee && !directoryProblem && systems.every(({ capture }) => capture !== undefined && !capture.account);

function problemOf(error: Error): Pick<Preview, 'directoryProblem' | 'spellingProblem'> {
  const type = error instanceof FinalFailure ? error.type : undefined;
  if (type === FailureType.UnknownEmployee) return {};
  if (type === FailureType.OtherSpelling) return { spellingProblem: error.message };
  return { directoryProblem: error.message };
}
