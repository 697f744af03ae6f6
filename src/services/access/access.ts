/**
 * The hold on one critical system: capture, block, restore, revoke. Every operation may be repeated at any time: it reads, decides,
 * writes one value, and reads back.
 */
import type { HoldKind } from '../../exit/hold-facts.js';
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
  /** Groups whose last active member is not taken away. */
  protectedGroups?: readonly string[];
}

export type AccessService = ReturnType<typeof createAccessService>;

export function createAccessService({ port, protectedGroups = [] }: AccessOptions) {
  return {
    capture: capture(port),
    block: block(port, protectedGroups),
    restore: restore(port),
    revoke: revoke(port),
    wouldBeLast: wouldBeLast(port, protectedGroups),
    driftOf: (accountId: string, hold: HoldKind, signal: AbortSignal) =>
      strategyOf(port, hold).driftOf(accountId, signal),
    /** What revocation would take, now: nothing is written. */
    memberships: (accountId: string, signal: AbortSignal) => groupsOf(port, accountId, signal, isChangeable),
  };
}
