/** The data of a hold: the captured account, what the hold took, what was observed. hold.ts has the state machine. */

import { z } from 'zod';

/** How a hold blocks: it suspends the account, or removes it from the listed groups. */
export const HoldFields = z.union([
  z.object({ kind: z.literal('suspend') }),
  z.object({ kind: z.literal('groups'), groups: z.array(z.string()) }),
]);
export type HoldKind = z.output<typeof HoldFields>;

/** A SCIM group, by its immutable id. */
export const GroupFields = z.object({
  id: z.string(),
  displayName: z.string(),
  /** Of a membership that a hold took: what the group had of the account besides its id, such as a role or an end. */
  entry: z.record(z.string(), z.unknown()).optional(),
  /** The system may hide inactive members, so that it did not tell whether the suspension took the membership. */
  isHidden: z.literal(true).optional(),
});
export interface GroupRef extends z.output<typeof GroupFields> {
  /** Account ids of the other members before a write, or how many they were, until its effect on them was looked at. */
  others?: string[] | number | undefined;
  /** An attempt has found that others went, and fails with that: another attempt finds it again, and a person's retry does not. */
  isHarmed?: true | undefined;
  /** A suspension may cost it, and none was observed yet. */
  isAtRisk?: true | undefined;
}

export const withoutOthers = ({ others: _others, isHarmed: _isHarmed, ...group }: GroupRef): GroupRef =>
  group;

/** Without what the step has said already. */
export const withoutHarms = (groups: readonly GroupRef[]): GroupRef[] =>
  groups.map((group) => (group.isHarmed ? withoutOthers(group) : group));

/** An account: its SCIM `id`, which is immutable (RFC 7643 §3.1), and its user name for people. */
export const AccountFields = z.object({ id: z.string(), userName: z.string() });
export type AccountRef = z.output<typeof AccountFields>;

/** For people. */
export const activityOf = (active: boolean | undefined): string =>
  active === undefined ? 'activity not shown' : active ? 'active' : 'inactive';

/** The account as it was before the hold's first write. */
const CapturedFields = AccountFields.extend({
  /** Names and addresses of the account, so that no employee decides on their own exit. */
  identities: z.array(z.string()).default([]),
  /** Absent where the system does not show it. */
  active: z.boolean().optional(),
  /** The employee id of another person that it showed, and was chosen with: "externalId E-7". */
  shows: z.string().optional(),
  /** The memberships that the hold may take: none for `suspend`. */
  groups: z.array(GroupFields),
  /** The memberships that a suspension may cost, as many as a payload may carry; absent where the system does not list them. */
  memberships: z.array(GroupFields).optional(),
  /** How many there were, also beyond those. */
  membershipCount: z.number().int().nonnegative().optional(),
  /** When they were read: ISO 8601, UTC. */
  membershipsAt: z.iso.datetime().optional(),
});
export type CapturedAccount = z.output<typeof CapturedFields>;

/** What a hold costs on a system, as far as the system or the configuration tells. */
export const CostFields = z.object({
  /** What a restore brings back: all, all that is `shown`, all but `loses`, all once the person did `needs`, or nothing, since a suspension deletes. */
  restore: z.union([
    z.enum(['exact', 'shown', 'nothing']),
    z.object({ loses: z.string() }),
    z.object({ needs: z.string() }),
  ]),
  /** What the system says of itself that speaks against a hold. */
  doubt: z.string().optional(),
  /** How long access goes on by sessions and tokens after a block, in milliseconds; absent where it is not known. */
  tokensLiveMs: z.number().nonnegative().optional(),
});
export type Cost = z.output<typeof CostFields>;

/** Without accounts: the system has none of the employee, which is no error. */
export const CaptureFields = z.object({
  system: z.string('must name the critical system'),
  capturedAt: z.iso.datetime(),
  accounts: z.array(CapturedFields),
  /** How the accounts were found, and which others were left out. */
  notes: z.array(z.string()).default([]),
  cost: CostFields.optional(),
});

/** Why further accounts may have been left out. The hold is complete once a capture finds them, or finds that there are none. */
export interface Unfound {
  /** A key that another system, the directory or a person may tell. */
  isKeyUnknown: boolean;
  error: string;
}

/** The result of captureAccess. */
export interface Capture extends z.output<typeof CaptureFields> {
  /** By account id, what had been taken before: by runs of this exit from before a reset, or by an earlier exit that was terminated. */
  taken?: Record<string, Taken> | undefined;
  /** When those runs had begun to revoke access: ISO 8601, UTC. */
  revokingSince?: string | undefined;
  unfound?: Unfound | undefined;
}

/** The accounts of both captures. The groups of an account are those of both; all else is what the first capture saw. */
export function mergeCaptures(first: Capture | undefined, second: Capture): Capture {
  if (!first || first.accounts.length === 0) return second;
  const seen = (id: string) => second.accounts.find((account) => account.id === id);
  const known = first.accounts.map((account) => mergeAccounts(account, seen(account.id)));
  const added = second.accounts.filter(({ id }) => first.accounts.every((account) => account.id !== id));
  return {
    ...first,
    accounts: [...known, ...added],
    notes: second.notes,
    cost: second.cost,
    unfound: second.unfound,
  };
}

export function mergeAccounts(first: CapturedAccount, second: CapturedAccount | undefined): CapturedAccount {
  const groups = new Map([...first.groups, ...(second?.groups ?? [])].map((group) => [group.id, group]));
  // What the first capture saw of the memberships is not what is there before another block.
  const later = second && { membershipsAt: undefined, shows: second.shows };
  return { ...first, groups: [...groups.values()], ...later };
}

/** By account id, the employee ids of other persons that the accounts were chosen with. */
export const showingOf = (
  accounts: readonly Pick<CapturedAccount, 'id' | 'shows'>[],
): Record<string, string> =>
  Object.fromEntries(accounts.flatMap(({ id, shows }) => (shows === undefined ? [] : [[id, shows]])));

/** What the hold itself took, and what a restore gives back. */
export const TakenFields = z.object({
  suspended: z.boolean(),
  groups: z.array(GroupFields),
  /** What the suspension replaced, as the system has it: the time of a lock-out. */
  replaced: z.string().optional(),
  /** The ids of critical groups that do not show their members since. A sweep expects the others to go on telling. */
  untold: z.array(z.string()).optional(),
});
export interface Taken extends z.output<typeof TakenFields> {
  groups: GroupRef[];
}

export const nothing: Taken = { suspended: false, groups: [] };

/** What was taken of several accounts together. */
export const mergeTaken = (all: readonly Taken[]): Taken => ({
  suspended: all.some(({ suspended }) => suspended),
  groups: [...new Map(all.flatMap(({ groups }) => groups).map((group) => [group.id, group])).values()],
});

export const isNothing = ({ suspended, groups }: Taken): boolean => !suspended && groups.length === 0;

/** The most that the hold can have taken, for a block whose outcome is unknown. A value that equals ours then counts as ours. */
export const everythingOf = ({ active, groups }: CapturedAccount, { kind }: HoldKind): Taken => ({
  // A hold of kind `groups` never suspends: another administrator did.
  suspended: active !== false && kind === 'suspend',
  groups,
});

/** A role, an entitlement or the like, by the name of its attribute, that a write took or added. `digest`: of its value. */
export interface Right {
  name: string;
  digest: string;
  isAdded?: true;
}

/** @returns each once */
export const mergeRights = (...all: readonly (readonly Right[] | undefined)[]): Right[] => [
  ...new Map(
    all.flatMap((rights) => rights ?? []).map((right) => [`${right.name} ${right.digest}`, right]),
  ).values(),
];

/** The account was observed without access. `blockedAt`: ISO 8601, UTC. */
export interface Blocked {
  blockedAt: string;
  taken: Taken;
  /** A write may still arrive late: the block took several requests, or the server has no ETags to refuse a duplicate. */
  isUnsettled?: boolean;
  /** The account's `meta.version` (RFC 7643 §3.1) at that observation, where the server has one. */
  version?: string | undefined;
  /** How the account was called then, where the suspension changed what the system shows of it. */
  renamed?: Pick<CapturedAccount, 'userName' | 'identities'> | undefined;
  /** What the block changed of the account's rights besides its groups. */
  rights?: Right[] | undefined;
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
  /** Those of the notes that a second look does not find again, and that stay true. */
  lasting?: string[] | undefined;
  /** The memberships that it saw after the reactivation, as many as a payload may carry, where a second look compares them. */
  memberships?: GroupRef[] | undefined;
  /** The system may still undo it, or take memberships by it: look again later. */
  isUnsettled?: boolean | undefined;
  /** A write of this restore made the account active. */
  hasReactivated?: boolean | undefined;
}

/** The accounts were observed inactive and without memberships. They stay, as evidence. */
export interface Revoked {
  revokedAt: string;
  /** What all attempts set out to remove, observed as removed. */
  removedGroups: GroupRef[];
  /** What the accounts show last, also what cannot be removed; undefined where the system does not show the groups of each of them. */
  groups?: GroupRef[] | undefined;
  /** Empty where the system has no account. */
  accounts?: AccountRef[] | undefined;
  notes: string[];
}
