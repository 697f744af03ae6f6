/** The data of a hold: the captured account, what the hold took, what was observed. hold.ts has the state machine. */

import { z } from 'zod';

/** How a hold blocks: it suspends the account, or removes it from the listed groups. */
export const HoldFields = z.union([
  z.object({ kind: z.literal('suspend') }),
  z.object({ kind: z.literal('groups'), groups: z.array(z.string()) }),
]);
export type HoldKind = z.output<typeof HoldFields>;

/** A SCIM group, by its immutable id. */
export const GroupFields = z.object({ id: z.string(), displayName: z.string() });
export type GroupRef = z.output<typeof GroupFields>;

/** An account: its SCIM `id`, which is immutable (RFC 7643 §3.1), and its user name for people. */
export const AccountFields = z.object({ id: z.string(), userName: z.string() });
export type AccountRef = z.output<typeof AccountFields>;

/** The account as it was before the hold's first write. */
const CapturedFields = AccountFields.extend({
  /** Names and addresses of the account, so that no employee decides on their own exit. */
  identities: z.array(z.string()).default([]),
  /** Absent where the system does not show it. */
  active: z.boolean().optional(),
  /** The memberships that the hold may take: none for `suspend`. */
  groups: z.array(GroupFields),
});
export type CapturedAccount = z.output<typeof CapturedFields>;

/** Without `account`: the system has no account of the employee, which is no error. */
export const CaptureFields = z.object({
  system: z.string('must name the critical system'),
  capturedAt: z.iso.datetime(),
  account: CapturedFields.optional(),
});

/** The result of captureAccess. */
export interface Capture extends z.output<typeof CaptureFields> {
  /** What had been taken before: by runs of this exit from before a reset, or by an earlier exit that was terminated. */
  taken?: Taken | undefined;
  /** When those runs had begun to revoke access: ISO 8601, UTC. */
  revokingSince?: string | undefined;
}

/** The groups of both captures; `active` is what the first capture saw. */
export function mergeCaptures(first: Capture | undefined, second: Capture): Capture {
  if (!first?.account || !second.account) return second;
  const groups = new Map(
    [...first.account.groups, ...second.account.groups].map((group) => [group.id, group]),
  );
  return { ...first, account: { ...first.account, groups: [...groups.values()] } };
}

/** What the hold itself took, and what a restore gives back. */
export const TakenFields = z.object({ suspended: z.boolean(), groups: z.array(GroupFields) });
export type Taken = z.output<typeof TakenFields>;

export const nothing: Taken = { suspended: false, groups: [] };

export const isNothing = ({ suspended, groups }: Taken): boolean => !suspended && groups.length === 0;

/** The most that the hold can have taken, for a block whose outcome is unknown. A value that equals ours then counts as ours. */
export const everythingOf = ({ active, groups }: CapturedAccount, { kind }: HoldKind): Taken => ({
  // A hold of kind `groups` never suspends: another administrator did.
  suspended: active !== false && kind === 'suspend',
  groups,
});

/** The account was observed without access. `blockedAt`: ISO 8601, UTC. */
export interface Blocked {
  blockedAt: string;
  taken: Taken;
  /** A write may still arrive late: the block took several requests, or the server has no ETags to refuse a duplicate. */
  isUnsettled?: boolean;
  /** The account's `meta.version` (RFC 7643 §3.1) at that observation, where the server has one. */
  version?: string | undefined;
  /** Critical memberships that appeared after the capture. The block left them alone: capture again, then block again. */
  uncaptured: GroupRef[];
  /** For an auditor: "already suspended before the hold". */
  notes: string[];
}

/** The account was observed with all that the hold took. A restore that cannot give everything back fails instead. */
export interface Restored {
  restoredAt: string;
  givenBack: Taken;
  /** Whether the last read found the account active; absent without a read. */
  active?: boolean | undefined;
  notes: string[];
}

/** The accounts were observed inactive and without memberships. They stay, as evidence. */
export interface Revoked {
  revokedAt: string;
  /** What all attempts set out to remove, observed as removed. */
  removedGroups: GroupRef[];
  /** Empty where the system has no account. */
  accounts?: AccountRef[] | undefined;
  notes: string[];
}
