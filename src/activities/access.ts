import { FailureType, FinalFailure } from '../exit/failures.js';
import type { Blocked, Capture, CapturedAccount, HoldKind, Restored, Revoked, Taken } from '../exit/hold.js';
import type { AccessService } from '../services/access/access.js';
import { attempt } from './attempt.js';

export interface CaptureAccess {
  employeeId: string;
  system: string;
  hold: HoldKind;
}

export interface BlockAccess {
  system: string;
  hold: HoldKind;
  account: CapturedAccount;
  /** What earlier tries of this hold set out to take. */
  tried: Taken;
}

export interface RestoreAccess {
  system: string;
  account: CapturedAccount;
  taken: Taken;
}

export interface RevokeAccess {
  employeeId: string;
  system: string;
  account?: CapturedAccount | undefined;
}

export function createAccessActivities(access: ReadonlyMap<string, AccessService>) {
  function on(system: string): AccessService {
    const service = access.get(system);
    if (service) return service;
    throw new FinalFailure(
      FailureType.UnknownSystem,
      `the configuration has no system "${system}" any more; put it back or settle the step by hand`,
    );
  }

  return {
    captureAccess: ({ system, employeeId, hold }: CaptureAccess): Promise<Capture> =>
      attempt(({ signal }) => on(system).capture(employeeId, hold, signal)),

    blockAccess: ({ system, account, hold, tried }: BlockAccess): Promise<Blocked> =>
      attempt<Blocked, Taken>(({ signal, progress = tried, report }) =>
        on(system).block(account, hold, progress, report, signal),
      ),

    restoreAccess: ({ system, account, taken }: RestoreAccess): Promise<Restored> =>
      attempt(({ signal }) => on(system).restore(account, taken, signal)),

    revokeAccess: ({ system, employeeId, account }: RevokeAccess): Promise<Revoked> =>
      attempt(({ signal }) => on(system).revoke(employeeId, account, signal)),
  };
}

export type AccessActivities = ReturnType<typeof createAccessActivities>;
