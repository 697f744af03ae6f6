/** The hold of kind `suspend`: deactivates the account. What that costs of its memberships belongs to what the hold took. */
import { isDeepStrictEqual } from 'node:util';
import { bounded } from '../../exit/bounds.js';
import type { Blocked, CapturedAccount, GroupRef, Taken } from '../../exit/hold-facts.js';
import type { AccessPort, Account } from './access-port.js';
import { noteDeletion, noteOfGone } from './activation.js';
import type { Strategy } from './hold-strategy.js';
import { changeOf } from './rights.js';
import { watchSuspension } from './watch-suspension.js';
import { askGroups, namesOf, orUntold, ownGroupsOf, without } from './memberships.js';

/** The memberships before a suspension. */
interface Before {
  groups: GroupRef[];
  /** They were read just before it. */
  isFresh: boolean;
}
const NONE: Before = { groups: [], isFresh: true };
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
    // A retry finds what the earlier write has made of it.
    const replaced = user.active === false ? tried.replaced : user.replaces;
    /** What earlier attempts have cost. */
    let earlier = tried.groups;
    const suspended = (groups: GroupRef[] = earlier): Taken => ({
      ...{ suspended: true, groups },
      ...(replaced !== undefined && { replaced }),
    });
    const held = { taken: tried, version: user.version, uncaptured: [], notes: [], writes: 0 };
    if (user.active === false) {
      // The answer to the earlier write may have been lost. What went besides the recorded groups, the restore names.
      if (tried.suspended) return { ...held, renamed, ...(await costOf(NONE)) };
      return {
        ...held,
        notes: [captured.active === false ? 'already suspended before the hold' : BY_OTHERS],
      };
    }
    const known = await membershipsBefore(captured);
    const { left, suspend } = await watchSuspension(port, captured, known?.groups ?? [], signal);
    const before = known && { ...known, groups: without(known.groups, left) };
    // The suspension may take what tells that the system has groups.
    const whyUntold = before ? '' : await reason();
    const fresh = before?.isFresh ? before.groups : undefined;
    const since = fresh ? without(tried.groups.filter(isAtRisk), fresh) : [];
    // The account is active still: an attempt without an effect has cost nothing.
    if (fresh) earlier = tried.groups.filter((group) => !isAtRisk(group));
    // A retry finds the account inactive, and compares these.
    const risked = without(fresh ?? [], earlier).map((group): GroupRef => ({ ...group, isAtRisk: true }));
    await trying(suspended(bounded([...earlier, ...risked])));
    const { seen, writes, notes, harm } = await suspend(user);
    if (since.length > 0)
      notes.push(
        `no longer in ${namesOf(since)} since an earlier attempt, by another administrator or by that attempt`,
      );
    const now = { ...held, version: seen?.version, writes };
    const isOurs = writes > 0 || tried.suspended;
    if (!seen && writes > 0) noteDeletion(port);
    if (!seen)
      return { ...now, taken: suspended(), notes: [await noteOfGone(port, captured, isOurs, signal)] };
    if (writes > 0) {
      const changed = changesBetween(user, seen);
      const cost = await costOf(before);
      // A person's retry finds the account suspended, and goes on.
      if (harm) throw harm;
      notes.push(...cost.notes);
      if (changed.length === 0) return { ...now, ...cost, notes };
      notes.push(`the suspension also changed ${changed.join(', ')} of the account`);
      const renamed = { userName: seen.userName, identities: seen.identities };
      return { ...now, ...cost, renamed, ...changeOf(user, seen), notes };
    }
    if (tried.suspended) return { ...now, renamed: renamedOf(captured, seen), ...(await costOf(NONE)) };
    // No write of ours took effect: another administrator suspended it, and the hold must not give that back.
    return { ...now, notes: [BY_OTHERS] };

    /** Read right before it: what went since the capture, another administrator took. */
    async function membershipsBefore({ memberships }: CapturedAccount): Promise<Before | undefined> {
      if (!memberships) return undefined;
      const now = await untoldOr(memberships);
      return 'told' in now ? { groups: now.told, isFresh: true } : { groups: memberships, isFresh: false };
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
    async function costOf(had: Before | undefined) {
      if (!had) return { taken: suspended(), notes: [`${UNTOLD}: ${whyUntold}`] };
      const known = [...earlier, ...without(had.groups, earlier)];
      if (known.length === 0) return { taken: suspended([]), notes: [] };
      const now = await untoldOr(known);
      const unseen = without(known, 'told' in now ? now.told : []);
      // Some systems only leave out the memberships of suspended accounts. What is not recorded is not given back, and not asked for.
      const asked = bounded(unseen);
      const { present, hidden, untold } = await askGroups(port, captured.id, asked, signal);
      const lost = without(asked, present).map((group): GroupRef => {
        const { isHidden: _isHidden, isAtRisk: _isAtRisk, ...of } = group;
        return hidden.some(({ id }) => id === group.id) ? { ...of, isHidden: true } : of;
      });
      // The restore names the others.
      const cost = had.isFresh ? lost : lost.filter(({ id }) => earlier.some((each) => each.id === id));
      const others = without(lost, cost);
      const taken = suspended(cost);
      if (cost.length > 0) await trying(taken);
      const isToldOut = 'told' in now && hidden.length + untold.length === 0;
      const notes = [
        cost.length > 0 ? [`the suspension ${isToldOut ? 'cost' : 'may have cost'} ${namesOf(cost)}`] : [],
        others.length > 0
          ? [
              `no longer in ${namesOf(others)} since the capture, by another administrator or by the suspension`,
            ]
          : [],
      ].flat();
      return { taken, notes };
    }
  },
});

const isAtRisk = (group: GroupRef): boolean => group.isAtRisk === true;

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
