/**
 * The hold on one critical system: capture, block, restore, revoke. Every operation is idempotent: it reads, decides, writes one value,
 * and reads it back.
 */
import type { AccessPort, Capabilities } from './access-port.js';
import { block, isDeletion, refusalOn } from './block.js';
import { capture } from './capture.js';
import { driftOf } from './drift-of.js';
import type { HoldKind } from '../../exit/hold-facts.js';
import type { Matching } from './find-accounts.js';
import { strategyOf } from './strategies.js';
import { askExits, type HasActed } from './other-exits.js';
import { groupsOf, isChangeable } from './memberships.js';
import { wouldBeLast } from './protection.js';
import { restore } from './restore.js';
import { revoke } from './revoke.js';

export interface AccessOptions extends Matching {
  port: AccessPort;
  /** What the configuration says of a restore, of tokens and of late reads, where an adapter does not know better. */
  declared?: Declared | undefined;
  /** Groups whose last active member the hold must not take. */
  protectedGroups?: readonly string[];
  /** Groups that the hold takes. */
  criticalGroups?: readonly string[];
  /** Absent where no other process can carry out exits. */
  hasActed?: HasActed | undefined;
}

type Declared = Partial<Pick<Capabilities, 'restore' | 'settleMs' | 'tokensLiveMs'>>;

export type AccessService = ReturnType<typeof createAccessService>;

export function createAccessService({
  port: adapter,
  protectedGroups = [],
  criticalGroups = [],
  declared = {},
  hasActed,
  ...matching
}: AccessOptions) {
  const port: AccessPort = {
    ...adapter,
    // Configured groups contradict a system that says that it has none.
    hasGroups: protectedGroups.length + criticalGroups.length > 0 ? undefined : adapter.hasGroups,
    capabilities: async (signal) => {
      const told = await adapter.capabilities(signal);
      // No word of the configuration makes a deletion anything else.
      return { ...told, ...declared, ...(told.restore === 'nothing' && { restore: told.restore }) };
    },
  };
  const acceptsDeletion = declared.restore === 'nothing';
  if (hasActed) askExits(port, hasActed, matching.match);
  return {
    capture: capture(port, matching),
    block: block(port, protectedGroups, acceptsDeletion),
    restore: restore(port, matching),
    revoke: revoke(port, matching),
    /** Why the hold would be refused, or could not be told, for people. Writes nothing. */
    foresee: async (accountId: string, hold: HoldKind, signal: AbortSignal) => {
      const isRefused = !acceptsDeletion && (await isDeletion(port, hold, signal));
      const doubts = await strategyOf(port, hold).foresee(accountId, signal);
      return isRefused ? [refusalOn(port), ...doubts] : doubts;
    },
    wouldBeLast: wouldBeLast(port, protectedGroups),
    driftOf: driftOf(port, matching),
    /** The memberships that a revocation would remove now. Writes nothing. */
    memberships: (accountId: string, signal: AbortSignal) => groupsOf(port, accountId, signal, isChangeable),
  };
}
