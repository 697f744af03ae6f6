/**
 * The hold on one critical system, as the access service leads it by itself: capture → block, then restore or revoke. What it must know
 * is in its record before it is acted on.
 */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import {
  isNothing,
  mergeCaptures,
  nothing,
  type Blocked,
  type Capture,
  type GroupRef,
  type HoldKind,
  type Restored,
  type Revoked,
  type Taken,
} from '../../exit/hold-facts.js';
import type { AccessService } from '../../services/access/access.js';
import type { Leased } from '../jetstream/records.js';
import { Later } from './retry-later.js';

/** What is remembered of one exit on one system. */
export interface HeldAccess {
  capture?: Capture | undefined;
  /** What the hold has set out to take, or has taken. Restore gives back this and no more. */
  taken: Taken;
  /** Until when a write of the block may still land, ISO 8601; `unknown` while nobody saw the end of one. */
  mayLandUntil?: string | undefined;
  blocked?: Pick<Blocked, 'blockedAt' | 'version' | 'notes'> | undefined;
  /** The drift because of which it was blocked the last time: the id of its event. */
  blockedAfter?: string | undefined;
  /** Access was given back once; a late write may have taken it again, so it is looked at once more. */
  lookAgainAt?: string | undefined;
  restored?: GivenBack | undefined;
  /** From here on nothing can be given back as it was. */
  revokingSince?: string | undefined;
  /** The memberships that attempts of the revocation have set out to remove. */
  removing?: GroupRef[] | undefined;
  revoked?: Removed | undefined;
}

/** Undefined where nothing had to be given back. */
type GivenBack = Partial<Pick<Restored, 'givenBack' | 'active'>> & Pick<Restored, 'notes'>;
type Removed = Partial<Pick<Revoked, 'removedGroups' | 'accounts'>> & Pick<Revoked, 'notes'>;

export const noHold: HeldAccess = { taken: nothing };

const UNKNOWN = 'unknown';

export interface HoldOn {
  system: string;
  kind: HoldKind;
  service: AccessService;
  /** How long after it was given up a request may still take effect on a server without ETags. */
  lateWriteMs: number;
  /** Milliseconds since the epoch. */
  now: () => number;
}

export interface HeldExit {
  employeeId: string;
  overridesProtection: boolean;
  /** The latest drift: the id of its event. */
  drift?: string | undefined;
  /** Who blocked the system by hand, where somebody did. */
  blockedByHandBy?: string | undefined;
}

type Record = Leased<HeldAccess>;

export function createHold({ system, kind, service, lateWriteMs, now }: HoldOn) {
  const isoIn = (ms: number): string => new Date(now() + ms).toISOString();

  async function capture(record: Record, employeeId: string): Promise<void> {
    const seen = await service.capture(employeeId, kind, record.signal);
    record.value.capture = mergeCaptures(record.value.capture, seen);
  }

  /** How long a write of the block may still land. */
  function mayLandForMs({ mayLandUntil }: HeldAccess): number {
    if (mayLandUntil === undefined) return 0;
    if (mayLandUntil === UNKNOWN) return lateWriteMs;
    return Math.min(lateWriteMs, Date.parse(mayLandUntil) - now());
  }

  return {
    /** @returns what an auditor would ask about */
    async block(record: Record, { employeeId, overridesProtection, drift }: HeldExit): Promise<string[]> {
      const held = record.value;
      if (held.blocked && held.blockedAfter === drift) return held.blocked.notes;
      for (let uncaptured: GroupRef[] = []; ;) {
        if (!held.capture?.account || uncaptured.length > 0) await capture(record, employeeId);
        const account = held.capture?.account;
        if (!account) return ['no account'];
        const trying = async (taken: Taken): Promise<void> => {
          held.taken = structuredClone(taken);
          held.mayLandUntil = UNKNOWN;
          // With the capture: no write before both are durable.
          await record.save();
        };
        const options = { overridesProtection };
        const blocked = await service.block(account, kind, held.taken, trying, record.signal, options);
        held.taken = blocked.taken;
        held.mayLandUntil = blocked.isUnsettled ? isoIn(lateWriteMs) : undefined;
        uncaptured = blocked.uncaptured;
        if (uncaptured.length > 0) continue;
        const { blockedAt, version, notes } = blocked;
        held.blocked = { blockedAt, version, notes };
        held.blockedAfter = drift;
        return notes;
      }
    },

    /**
     * Gives back what the hold took.
     * @throws Later where it has to be looked at again, because a write of the block may still land
     */
    async restore(record: Record, { blockedByHandBy }: HeldExit): Promise<GivenBack> {
      const held = record.value;
      if (held.restored) return held.restored;
      if (held.revokingSince !== undefined) {
        throw new FinalFailure(
          FailureType.NotGivenBack,
          `access to ${system} was being revoked already, at ${held.revokingSince}, when "retained" came: decide by hand what to give back`,
        );
      }
      const restored = await giveBack(record);
      if (blockedByHandBy !== undefined) {
        throw new FinalFailure(
          FailureType.DoneByHand,
          `${system} was blocked by hand by ${blockedByHandBy}: give the access back by hand and settle this step`,
        );
      }
      return (held.restored = restored);
    },

    async revoke(record: Record, { employeeId }: HeldExit): Promise<Removed> {
      const held = record.value;
      if (held.revoked) return held.revoked;
      if (held.revokingSince === undefined) {
        held.revokingSince = isoIn(0);
        await record.save();
      }
      const removing = (groups: GroupRef[]): Promise<void> => {
        held.removing = groups;
        return record.save();
      };
      const { removedGroups, accounts, notes } = await service.revoke(
        employeeId,
        held.capture?.account,
        record.signal,
        held.removing,
        removing,
      );
      return (held.revoked = { removedGroups, accounts, notes });
    },
  };

  async function giveBack(record: Record): Promise<GivenBack> {
    const held = record.value;
    const { capture, taken, blocked, lookAgainAt } = held;
    if (!capture) return { notes: ['the account was never looked at, so nothing had been taken'] };
    const { account } = capture;
    if (!account) return { notes: ['no account'] };
    if (isNothing(taken)) return { notes: ['nothing had been taken'] };
    const restore = async (): Promise<GivenBack> => {
      const { givenBack, active, notes } = await service.restore(
        account,
        taken,
        record.signal,
        blocked?.version,
      );
      return { givenBack, active, notes };
    };

    if (lookAgainAt !== undefined) {
      const waitMs = Date.parse(lookAgainAt) - now();
      if (waitMs > 0) throw new Later(waitMs, `a late block on ${system} is waited out`);
      return restore();
    }
    const waitMs = mayLandForMs(held);
    if (waitMs <= 0) return restore();
    try {
      await restore();
    } catch (error) {
      // What cannot be given back is listed by the second look as well, after which nothing changes any more.
      if (!(error instanceof FinalFailure && error.type === FailureType.NotGivenBack)) throw error;
    }
    held.lookAgainAt = isoIn(waitMs);
    throw new Later(waitMs, `a late block on ${system} is waited out`);
  }
}

export type Hold = ReturnType<typeof createHold>;
