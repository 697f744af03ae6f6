/** The hold of kind `suspend`: deactivates the account. What that costs of its memberships belongs to what the hold took. */
import { FinalFailure } from '../../exit/failures.js';
import { bounded } from '../../exit/hold-facts.js';
import type { AccessPort } from './access-port.js';
import { noteOfGone, setActive } from './activation.js';
import type { Strategy } from './hold-strategy.js';
import { namesOf, ownGroupsOf, without } from './memberships.js';

const BY_OTHERS = 'another administrator suspended it after the capture';

export const suspendStrategy = (port: AccessPort): Strategy => ({
  groupsToTake: () => Promise.resolve([]),

  membershipsAtRisk: (accountId, signal) =>
    ownGroupsOf(port, accountId, signal).catch((error: unknown) => {
      // A system without groups can suspend all the same.
      if (error instanceof FinalFailure) return undefined;
      throw error;
    }),

  // A suspended account is no active member of any group.
  endangers: ({ active }, groups) => (active === false ? [] : groups),

  async block(captured, user, tried, trying, signal) {
    const held = { taken: tried, version: user.version, uncaptured: [], notes: [], writes: 0 };
    if (user.active === false) {
      // What went since an earlier write, another administrator may have taken: the restore names it.
      if (tried.suspended) return held;
      return {
        ...held,
        notes: [captured.active === false ? 'already suspended before the hold' : BY_OTHERS],
      };
    }
    const before = captured.memberships && (await ownGroupsOf(port, captured.id, signal));
    const taken = { ...tried, suspended: true };
    await trying(taken);
    const { seen, writes } = await setActive(port, captured, false, signal);
    const now = { ...held, version: seen?.version, writes };
    if (!seen) return { ...now, taken, notes: [await noteOfGone(port, captured, writes > 0, signal)] };
    if (writes > 0) return { ...now, ...(await costOf(taken)) };
    if (tried.suspended) return { ...now, taken };
    // No write of ours took effect: another administrator suspended it, and the hold must not give that back.
    return { ...now, notes: [BY_OTHERS] };

    /** Some systems take a suspended account out of its groups. */
    async function costOf({ suspended, groups }: typeof taken) {
      if (!before) return { taken: { suspended, groups }, notes: [] };
      const lost = bounded(without(before, [...(await ownGroupsOf(port, captured.id, signal)), ...groups]));
      if (lost.length === 0) return { taken: { suspended, groups }, notes: [] };
      const all = { suspended, groups: [...groups, ...lost] };
      await trying(all);
      return { taken: all, notes: [`the suspension cost ${namesOf(lost)}`] };
    }
  },

  async driftOf(id, signal) {
    const user = await port.read({ id }, signal);
    return user?.active ? 'the account is active again' : undefined;
  },
});
