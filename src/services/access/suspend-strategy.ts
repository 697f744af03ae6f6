/** The hold of kind `suspend`: deactivates the account. What that costs of its memberships belongs to what the hold took. */
import { isDeepStrictEqual } from 'node:util';
import { bounded, type Blocked, type CapturedAccount, type GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Account } from './access-port.js';
import { noteOfGone, setActive } from './activation.js';
import type { Strategy } from './hold-strategy.js';
import { changeOf } from './rights.js';
import { askGroups, namesOf, orUntold, ownGroupsOf, without } from './memberships.js';

/** How old what the capture read may be, to stand for what is there before the suspension, in milliseconds. */
const JUST_NOW_MS = 10_000;
/** Whether a suspension has cost memberships on a system, where they were read just before it. */
const hasCost = new WeakMap<AccessPort, boolean>();
const UNTOLD = 'whether the suspension cost memberships cannot be told';
const BY_OTHERS = 'another administrator suspended it after the capture';

export const suspendStrategy = (port: AccessPort): Strategy => ({
  async look(accountId, signal) {
    const seen = await orUntold(port, accountId, ownGroupsOf(port, accountId, signal), [], signal);
    // A system without groups, or which refuses them, can suspend all the same.
    return { groups: [], memberships: 'told' in seen ? seen.told : undefined };
  },

  async foresee(accountId, signal) {
    const seen = await orUntold(port, accountId, ownGroupsOf(port, accountId, signal), [], signal);
    return 'told' in seen || seen.hasNoGroups ? [] : [`${UNTOLD}: ${seen.because}`];
  },

  // A suspended account is no active member of any group.
  endangers: ({ active }, groups) => (active === false ? [] : groups),

  async block(captured, user, tried, trying, signal) {
    const renamed = renamedOf(captured, user);
    const held = { taken: tried, version: user.version, uncaptured: [], notes: [], writes: 0 };
    if (user.active === false) {
      // What went since an earlier write, another administrator may have taken: the restore names it.
      if (tried.suspended) return { ...held, renamed };
      return {
        ...held,
        notes: [captured.active === false ? 'already suspended before the hold' : BY_OTHERS],
      };
    }
    const before = await membershipsBefore(captured);
    // The suspension may take what tells that the system has groups.
    const whyUntold = before ? '' : await reason();
    const taken = { ...tried, suspended: true };
    await trying(taken);
    const { seen, writes } = await setActive(port, captured, false, signal, user);
    const now = { ...held, version: seen?.version, writes };
    if (!seen) return { ...now, taken, notes: [await noteOfGone(port, captured, writes > 0, signal)] };
    if (writes > 0) {
      const changed = changesBetween(user, seen);
      const cost = await costOf(taken);
      if (changed.length === 0) return { ...now, ...cost };
      const notes = [...cost.notes, `the suspension also changed ${changed.join(', ')} of the account`];
      const renamed = { userName: seen.userName, identities: seen.identities };
      return { ...now, ...cost, renamed, ...changeOf(user, seen), notes };
    }
    if (tried.suspended) return { ...now, taken, renamed: renamedOf(captured, seen) };
    // No write of ours took effect: another administrator suspended it, and the hold must not give that back.
    return { ...now, notes: [BY_OTHERS] };

    /** Those of a capture just now stand for them on a system whose suspensions cost none. */
    async function membershipsBefore({
      memberships,
      membershipsAt = '',
      membershipCount,
    }: CapturedAccount): Promise<{ groups: GroupRef[]; isFresh: boolean } | undefined> {
      if (!memberships) return undefined;
      const isJustRead = Date.now() - Date.parse(membershipsAt) < JUST_NOW_MS;
      const isWhole = memberships.length === membershipCount;
      const isAsGood = memberships.length === 0 || hasCost.get(port) === false;
      const asCaptured = { groups: memberships, isFresh: false };
      if (isJustRead && isWhole && isAsGood) return asCaptured;
      const now = await untoldOr(memberships);
      return 'told' in now ? { groups: now.told, isFresh: true } : asCaptured;
    }

    function untoldOr(known: readonly GroupRef[]) {
      return orUntold(port, captured.id, ownGroupsOf(port, captured.id, signal), known, signal);
    }

    async function reason(): Promise<string> {
      const now = await untoldOr(tried.groups);
      if ('told' in now) return 'the system did not list them before';
      return now.hasNoGroups ? `${port.system} has no groups (${now.because})` : now.because;
    }

    /** Some systems take a suspended account out of its groups. */
    async function costOf({ suspended, groups }: typeof taken) {
      if (!before) return { taken: { suspended, groups }, notes: [`${UNTOLD}: ${whyUntold}`] };
      const now = await untoldOr(before.groups);
      const unseen = without(before.groups, [...('told' in now ? now.told : []), ...groups]);
      // Some systems only leave out the memberships of suspended accounts.
      const { present, hidden, untold } = await askGroups(port, captured.id, unseen, signal);
      const lost = bounded(without(unseen, present));
      if (before.isFresh && before.groups.length > 0)
        hasCost.set(port, hasCost.get(port) === true || lost.length > 0);
      if (lost.length === 0) return { taken: { suspended, groups }, notes: [] };
      // The restore names it.
      if (!before.isFresh)
        return {
          taken: { suspended, groups },
          notes: [
            `no longer in ${namesOf(lost)} since the capture, by another administrator or by the suspension`,
          ],
        };
      const isToldOut = 'told' in now && hidden.length + untold.length === 0;
      const all = { suspended, groups: [...groups, ...lost] };
      await trying(all);
      return {
        taken: all,
        notes: [`the suspension ${isToldOut ? 'cost' : 'may have cost'} ${namesOf(lost)}`],
      };
    }
  },
});

/** @returns how the account is called now, where that is otherwise than at the capture */
const renamedOf = (captured: CapturedAccount, { userName, identities }: Account): Blocked['renamed'] =>
  captured.userName === userName && isDeepStrictEqual(captured.identities, identities)
    ? undefined
    : { userName, identities };

/** @returns the names of what a write changed besides */
function changesBetween(before: Account, after: Account): string[] {
  const shown = ({ userName, identities, others }: Account): Record<string, unknown> =>
    others ?? { login: userName, identities };
  const [old, now] = [shown(before), shown(after)];
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  return [...names].filter((name) => !isDeepStrictEqual(old[name], now[name])).slice(0, 10);
}
