import { leftConfiguration } from '../exit/failures.js';
import {
  mergeCaptures,
  showingOf,
  type Blocked,
  type Capture,
  type CapturedAccount,
  type GroupRef,
  type HoldKind,
  type Restored,
  type Revoked,
  type Taken,
} from '../exit/hold-facts.js';
import type { Earlier } from '../exit/hold.js';
import type { Person } from '../exit/matching.js';
import { requireDecision, type PublicKey } from '../exit/signature.js';
import type { Known } from '../services/access/whose-account.js';
import type { AccessService } from '../services/access/access.js';
import { attempt } from './attempt.js';
import { earlierHold } from './earlier-runs.js';
import type { Crowded } from './turns.js';

export interface CaptureAccess {
  exitId: string;
  employee: Person;
  system: string;
  hold: HoldKind;
  /** The accounts that the exit holds already, or that an operator has chosen. */
  known: Known;
  /** Run IDs of earlier exits whose holds this exit takes over. */
  adopts?: string[] | undefined;
}

export interface BlockAccess {
  system: string;
  hold: HoldKind;
  account: CapturedAccount;
  /** What earlier blocks of this hold set out to take. */
  tried: Taken;
  overridesProtection: boolean;
  /** Of the first block: when the exit was opened, ISO 8601 in UTC. Metrics tell how long it took. */
  openedAt?: string | undefined;
}

/** Whose word it is: the API's signature of the decision, where it signs. */
interface Decided {
  exitId: string;
  signature?: string | undefined;
}

/** What an operator has said of the accounts. */
type Named = Pick<Known, 'chosen' | 'vouched'>;

export interface RestoreAccess extends Decided {
  employee: Person;
  system: string;
  account: CapturedAccount;
  taken: Taken;
  named: Named;
  /** The ids of the employee's other accounts that the exit holds there. */
  others: string[];
  earlier?: Earlier | undefined;
}

export interface RevokeAccess extends Decided {
  employee: Person;
  system: string;
  accounts: CapturedAccount[];
  named: Named;
}

/** The consumers of the choreographed form have the same. */
const crowd = (system: string): Crowded => ({ server: system, atOnce: 16 });

/** @throws FinalFailure UnknownSystem */
export function serviceOn(access: ReadonlyMap<string, AccessService>, system: string): AccessService {
  const service = access.get(system);
  if (service) return service;
  throw leftConfiguration('system', system);
}

/** @param keys where access is given back, or taken for good, on a signed decision alone: each client of Temporal can ask for an activity */
export function createAccessActivities(
  access: ReadonlyMap<string, AccessService>,
  keys?: readonly PublicKey[],
) {
  const requireSigned = (
    { exitId, signature, employee }: Decided & { employee: Person },
    goal: 'restore' | 'revoke',
  ) => {
    if (keys) requireDecision(signature, { exitId, employeeId: employee.employeeId }, goal, keys);
  };
  const on = (system: string): AccessService => serviceOn(access, system);

  return {
    captureAccess: ({ exitId, system, employee, hold, known, adopts }: CaptureAccess): Promise<Capture> =>
      attempt(async ({ signal }) => {
        const earlier = await earlierHold(exitId, system, adopts);
        const adopted = earlier?.capture.accounts ?? [];
        const held = [...(known.held ?? []), ...adopted.map(({ id }) => id)];
        const showing = { ...known.showing, ...showingOf(adopted) };
        const seen = await on(system).capture(employee, hold, signal, { ...known, held, showing });
        const { taken, revokingSince } = earlier ?? {};
        return { ...mergeCaptures(earlier?.capture, seen), taken, revokingSince };
      }, crowd(system)),

    blockAccess: ({ system, account, hold, tried, overridesProtection }: BlockAccess): Promise<Blocked> =>
      attempt<Blocked, Taken>(
        ({ signal, progress = tried, report }) =>
          on(system).block(account, hold, progress, report, signal, { overridesProtection }),
        crowd(system),
      ),

    restoreAccess: (asked: RestoreAccess): Promise<Restored> =>
      attempt<Restored, GroupRef[]>(async ({ signal, progress, report }) => {
        requireSigned(asked, 'restore');
        const { system, account, taken, employee, named, others, earlier } = asked;
        const recorded = { recorded: progress, giving: report };
        const options = { ...named, others, earlier, employee, ...recorded };
        return on(system).restore(account, taken, signal, options);
      }, crowd(asked.system)),

    revokeAccess: (asked: RevokeAccess): Promise<Revoked> =>
      attempt<Revoked, GroupRef[]>(async ({ signal, progress, report }) => {
        requireSigned(asked, 'revoke');
        const { system, employee, accounts, named } = asked;
        return on(system).revoke(employee, accounts, signal, {
          ...named,
          earlier: progress,
          removing: report,
        });
      }, crowd(asked.system)),
  };
}

export type AccessActivities = ReturnType<typeof createAccessActivities>;
