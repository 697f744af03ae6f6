/** The hold of kind `groups`: removes the account from the listed groups, and leaves it active. */
import { FailureType, FinalFailure } from '../../exit/failures.js';
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort } from './access-port.js';
import type { Strategy } from './hold-strategy.js';
import { assertNotIn, groupsNamed, isChangeable, isNamed, namesOf, without } from './memberships.js';
import { removeMembership } from './membership-writes.js';

export const groupsStrategy = (port: AccessPort, names: readonly string[]): Strategy => ({
  groupsToTake: (accountId, signal) => groupsNamed(port, accountId, names, signal),

  membershipsAtRisk: () => Promise.resolve(undefined),

  endangers: (_user, groups) => groups.filter((name) => names.includes(name)),

  async block(captured, user, tried, trying, signal) {
    const taken = { ...tried, groups: [...tried.groups] };
    const notes: string[] = [];
    let most = 0;
    const isOurs = (group: GroupRef) => tried.groups.some(({ id }) => id === group.id);
    const removedByOthers = ({ displayName }: GroupRef) =>
      notes.push(`another administrator removed it from ${displayName} after the capture`);
    // By id, since a group may have been renamed after the capture.
    const present = await port.groupsOf(captured.id, signal);
    const isPresent = ({ id }: GroupRef) => present.some(({ group }) => group.id === id);
    // Before the first write: a hold on only some of the groups would leave access open.
    const fixed = present.find(
      (each) => !isChangeable(each) && captured.groups.some(({ id }) => id === each.group.id),
    );
    if (fixed)
      throw new FinalFailure(
        FailureType.Refused,
        `${captured.userName} cannot be removed from ${fixed.group.displayName} on ${port.system} (${fixed.via}): ${fixed.changeable}`,
      );
    for (const group of captured.groups.filter((group) => !isOurs(group))) {
      if (isPresent(group)) taken.groups.push(group);
      else removedByOthers(group);
    }
    await trying(taken);
    // Only memberships that `trying` has recorded; `uncaptured` below reports later ones.
    for (const group of taken.groups.filter(isPresent)) {
      const { writes, notes: ofOthers } = await removeMembership(port, captured.id, group, signal);
      notes.push(...ofOthers);
      most = Math.max(most, writes);
      if (writes > 0 || isOurs(group)) continue;
      taken.groups.splice(taken.groups.indexOf(group), 1);
      removedByOthers(group);
    }
    const left = await port.groupsOf(captured.id, signal);
    const uncaptured = left.flatMap(({ group }) =>
      names.some((name) => isNamed(group.displayName, name)) ? group : [],
    );
    if (most > 0) notes.push(...(await alsoGone(left.map(({ group }) => group))));
    if (captured.groups.length === 0 && uncaptured.length === 0)
      notes.push('was in none of the critical groups');
    // The system knows a group under the name that it lists the account in.
    const seen = [...captured.groups, ...uncaptured];
    const unseen = names.filter((name) => !seen.some(({ displayName }) => isNamed(displayName, name)));
    await assertNotIn(port, captured.id, unseen, signal);
    return { taken, version: user.version, uncaptured, notes, writes: most };

    /** What went in the same moment, perhaps by our writes: the hold did not mean to take it, and a person decides. */
    async function alsoGone(groups: readonly GroupRef[]): Promise<string[]> {
      const had = present.flatMap(({ group, via }) => (via === 'direct' ? group : []));
      const others = without(had, [...groups, ...taken.groups]);
      const after = await port.read(captured, signal);
      return [
        ...(others.length > 0 ? [`also no longer in ${namesOf(others)}, perhaps by the removal`] : []),
        ...(user.active && after?.active === false ? ['no longer active, perhaps by the removal'] : []),
      ];
    }
  },
});
