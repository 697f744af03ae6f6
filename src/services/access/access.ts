/**
 * The hold on one critical system: capture, block, restore, revoke. Every operation is idempotent: it reads, decides, writes one value,
 * and reads it back.
 */
import type { HoldKind } from '../../exit/hold-facts.js';
import type { Match } from '../../exit/matching.js';
import type { AccessPort } from './access-port.js';
import { block } from './block.js';
import { capture } from './capture.js';
import { strategyOf } from './strategies.js';
import { groupsOf, isChangeable } from './memberships.js';
import { wouldBeLast } from './protection.js';
import { restore } from './restore.js';
import { revoke } from './revoke.js';

export interface AccessOptions {
  port: AccessPort;
  /** The keys in order; the first with any account counts. */
  match: readonly Match[];
  /** Groups whose last active member the hold must not take. */
  protectedGroups?: readonly string[];
}

export type AccessService = ReturnType<typeof createAccessService>;

export function createAccessService({ port, match, protectedGroups = [] }: AccessOptions) {
  return {
    capture: capture(port, match),
    block: block(port, protectedGroups),
    restore: restore(port),
    revoke: revoke(port, match),
    wouldBeLast: wouldBeLast(port, protectedGroups),
    driftOf: (accountId: string, hold: HoldKind, signal: AbortSignal) =>
      strategyOf(port, hold).driftOf(accountId, signal),
    /** The memberships that a revocation would remove now. Writes nothing. */
    memberships: (accountId: string, signal: AbortSignal) => groupsOf(port, accountId, signal, isChangeable),
  };
}
