/** What a hold is about: the account as it was, what was taken, what was observed. The machine is in hold.ts. */

import { z } from 'zod';

/** How a system is blocked: the account suspended, or the listed groups taken from it. */
export const HoldFields = z.union([
  z.object({ kind: z.literal('suspend') }),
  z.object({ kind: z.literal('groups'), groups: z.array(z.string()) }),
]);
export type HoldKind = z.output<typeof HoldFields>;

/** A SCIM group, by its immutable id. */
export const GroupFields = z.object({ id: z.string(), displayName: z.string() });
export type GroupRef = z.output<typeof GroupFields>;

/** What names an account: to the server by its SCIM `id`, immutable unlike the user name; and to people. */
export const AccountFields = z.object({ id: z.string(), userName: z.string() });
export type AccountRef = z.output<typeof AccountFields>;

/** The account as it was before the hold's first write. */
const CapturedFields = AccountFields.extend({
  /** Names and addresses of the account, so that nobody decides on their own exit. */
  identities: z.array(z.string()).default([]),
  active: z.boolean(),
  /** The memberships that the hold may take: none for `suspend`. */
  groups: z.array(GroupFields),
});
export type CapturedAccount = z.output<typeof CapturedFields>;

/** No account is a normal answer. */
export const CaptureFields = z.object({
  system: z.string('must name the critical system'),
  capturedAt: z.iso.datetime(),
  account: CapturedFields.optional(),
});

/** What captureAccess saw. */
export interface Capture extends z.output<typeof CaptureFields> {
  /** What had been taken already: by runs of this exit that a reset has left, or by an earlier exit that was terminated. */
  taken?: Taken | undefined;
  /** When these had begun to revoke access, ISO 8601. */
  revokingSince?: string | undefined;
}

/** The groups of both looks; whether the account was active is what the first look saw. */
export function mergeCaptures(first: Capture | undefined, second: Capture): Capture {
  if (!first?.account || !second.account) return second;
  const groups = new Map(
    [...first.account.groups, ...second.account.groups].map((group) => [group.id, group]),
  );
  return { ...first, account: { ...first.account, groups: [...groups.values()] } };
}

/** What the hold itself took away, and restore therefore gives back. */
export const TakenFields = z.object({ suspended: z.boolean(), groups: z.array(GroupFields) });
export type Taken = z.output<typeof TakenFields>;

export const nothing: Taken = { suspended: false, groups: [] };

export const isNothing = ({ suspended, groups }: Taken): boolean => !suspended && groups.length === 0;

/** For when it cannot be told what was taken: a value that equals ours is then taken for ours. */
export const everythingOf = ({ active, groups }: CapturedAccount, { kind }: HoldKind): Taken => ({
  // A hold by groups never suspends: another administrator did.
  suspended: active && kind === 'suspend',
  groups,
});

/** Observed: the account is without access. */
export interface Blocked {
  blockedAt: string;
  taken: Taken;
  /** A request of it may still land late: it took more than one try, or the server has no ETags to refuse a copy. */
  isUnsettled?: boolean;
  /** The account's `meta.version` when it was observed blocked, where the server has one (RFC 7643 §3.1). */
  version?: string | undefined;
  /** Critical memberships that appeared after the capture and were therefore left alone: capture again, block again. */
  uncaptured: GroupRef[];
  /** Things an auditor would ask about: "already suspended before the hold". */
  notes: string[];
}

/** Observed: what the hold took is back. What could not be given back is a failure, not a result. */
export interface Restored {
  restoredAt: string;
  givenBack: Taken;
  /** Whether the account was active when it was last read; absent where nothing was read. */
  active?: boolean | undefined;
  notes: string[];
}

/** Observed: inactive and without memberships. The account itself stays, as evidence. */
export interface Revoked {
  revokedAt: string;
  /** What this and the attempts before it set out to remove, all of it observed gone. */
  removedGroups: GroupRef[];
  /** Observed inactive and without memberships; empty where there is none. */
  accounts?: AccountRef[] | undefined;
  notes: string[];
}
