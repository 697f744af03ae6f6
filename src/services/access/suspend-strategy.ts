/** The hold of kind `suspend`: deactivates the account. What that costs of its memberships belongs to what the hold took. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import { bounded, type GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort } from './access-port.js';
import { setActive } from './activation.js';
import type { Held, Strategy } from './hold-strategy.js';
import { namesOf, ownGroupsOf, without } from './memberships.js';

const BY_OTHERS = 'another administrator suspended it after the capture';

export function suspendStrategy(port: AccessPort): Strategy {
  /** @returns undefined where the system does not list them: one without groups can suspend all the same */
  const listed = (accountId: string, signal: AbortSignal): Promise<GroupRef[] | undefined> =>
    ownGroupsOf(port, accountId, signal).catch((error: unknown) => {
      if (error instanceof FinalFailure) return undefined;
      throw error;
    });

  return {
    groupsToTake: () => Promise.resolve([]),

    membershipsAtRisk: async (accountId, signal) => {
      const groups = await listed(accountId, signal);
      return groups && bounded(groups);
    },

    // A suspended account is no active member of any group.
    endangers: ({ active }, groups) => (active === false ? [] : groups),

    async block(captured, user, tried, trying, signal) {
      const held = { taken: tried, version: user.version, uncaptured: [], notes: [], writes: 0 };
      if (user.active === false) {
        if (tried.suspended) return held;
        return {
          ...held,
          notes: [captured.active === false ? 'already suspended before the hold' : BY_OTHERS],
        };
      }
      const taken = { ...tried, suspended: true };
      await trying(taken);
      const before = captured.memberships && (await listed(captured.id, signal));
      const { seen, writes } = await setActive(port, captured, false, signal);
      const now = { ...held, version: seen?.version, writes };
      if (!seen) return { ...now, taken, notes: [await goneAfter(writes)] };
      if (writes > 0) return { ...now, ...(await costOf(before)) };
      if (tried.suspended) return { ...now, taken };
      // No write of ours took effect: another administrator suspended it, and the hold must not give that back.
      return { ...now, notes: [BY_OTHERS] };

      /** Some systems take a suspended account out of its groups. @param had what it was in just before our write */
      async function costOf(had: readonly GroupRef[] = []): Promise<Pick<Held, 'taken' | 'notes'>> {
        const now = had.length > 0 ? await ownGroupsOf(port, captured.id, signal) : [];
        const lost = bounded(without(had, [...now, ...taken.groups]));
        if (lost.length === 0) return { taken, notes: [] };
        const all = { ...taken, groups: [...taken.groups, ...lost] };
        await trying(all);
        return { taken: all, notes: [`the suspension cost ${namesOf(lost)}`] };
      }

      async function goneAfter(ours: number): Promise<string> {
        if (ours === 0) return 'the account no longer exists';
        const what = `${port.system} no longer shows the account ${captured.userName} after it was suspended: it cannot give it back`;
        if ((await port.capabilities(signal)).restore === 'nothing') return what;
        throw new FinalFailure(FailureType.NotGivenBack, `${what}. Tell the HR partner, and settle the step`);
      }
    },

    async driftOf(id, signal) {
      const user = await port.read({ id }, signal);
      return user?.active ? 'the account is active again' : undefined;
    },
  };
}
