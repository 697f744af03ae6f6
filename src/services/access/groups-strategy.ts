/** The hold of kind `groups`: removes the account from the listed groups, and leaves it active. */
import { bounded } from '../../exit/bounds.js';
import { cannotTell, FailureType, FinalFailure, isFinalFailure } from '../../exit/failures.js';
import { withoutOthers, type Blocked, type GroupRef, type Taken } from '../../exit/hold-facts.js';
import type { AccessPort, Membership } from './access-port.js';
import type { Strategy } from './hold-strategy.js';
import {
  askGroups,
  comesBy,
  isChangeable,
  isHidden,
  isNamed,
  isOwn,
  lookInto,
  namesOf,
  shows,
  without,
  type Looked,
} from './memberships.js';
import { changeOf, isTaken, namesOfRights } from './rights.js';
import { removeMembership } from './membership-writes.js';
import { doubtOf, watchOthers, type Losses, type Watched } from './other-members.js';
import { Outage } from './outage.js';

export const groupsStrategy = (port: AccessPort, names: readonly string[]): Strategy => ({
  async look(accountId, signal) {
    const own = (await port.groupsOf(accountId, signal)).filter(isOwn);
    const groups = own.filter((each) => isConfigured(each, names));
    return { groups: groups.map(({ group }) => group), memberships: own.map(({ group }) => group) };
  },

  async foresee(accountId, signal) {
    const present = await port.groupsOf(accountId, signal);
    const isTaken = (each: Membership): boolean => isOwn(each) && isConfigured(each, names);
    const taken = present.filter(isTaken).map(({ group }) => group);
    const isOurs = isAmong(taken);
    const looked = await lookInto(port, accountId, names, taken, (inner) => !isOurs({ id: inner }), signal);
    const obstacle = obstacleOf(port, present, looked, isOurs, names);
    const hasWay = present.length > taken.length || present.length === 0;
    const untold = [
      ...untoldAmong(port, present, names),
      ...looked.flatMap((each) => doubtIn(port, each, hasWay) ?? []),
    ];
    const unlisted = looked.flatMap(({ name, group, standing: { members } }) =>
      group && isOurs(group) && members?.isComplete === false
        ? [`whom a removal takes besides cannot be told: ${port.system} may show only some of "${name}"`]
        : [],
    );
    return [...(obstacle ? [`it ${obstacle}`] : []), ...new Set(untold), ...unlisted];
  },

  endangers: ({ active }, groups) => (active === false ? [] : groups.filter((name) => names.includes(name))),

  async block(captured, user, tried, trying, signal) {
    const { id } = captured;
    const notes: string[] = [];
    let most = 0;
    // By id, since a group may have been renamed after the capture.
    const isCaptured = isAmong(captured.groups);
    const isOurs = isAmong(tried.groups);
    const present = await port.groupsOf(id, signal);
    const look = (which: readonly string[]) => {
      const known = [...captured.groups, ...present.map(({ group }) => group)];
      return lookInto(port, id, which, known, (inner) => !isCaptured({ id: inner }), signal);
    };
    const looked = await look(names);
    assertAllCanGo(present, looked);

    const watched = new Map<string, Watched>();
    const losses: Losses = new Map();
    const untold = new Set<string>();
    /** By id, groups that do not list the account, although it shows them or a search finds them. */
    const contradicted = new Set<string>();
    const stillContradicted: GroupRef[] = [];
    /** By id, groups that listed the account at first, and no longer right before the first write. */
    const goneBefore = new Set<string>();
    const taken: Taken = { suspended: tried.suspended, groups: tried.groups.map(withoutOthers) };
    for (const group of captured.groups) {
      const earlier = tried.groups.find((each) => each.id === group.id);
      const standing = looked.find((each) => each.group?.id === group.id)?.standing;
      // Where the group itself is asked, its word is the later one.
      const told = port.standingIn && standing?.is;
      const mayBeHidden = standing?.is === 'cannot tell' && standing.ofInactive;
      const isShown = present.some((each) => each.group.id === group.id && isChangeable(each));
      if (told === 'out' && isShown) contradicted.add(group.id);
      const isIn = told === 'direct' || (told !== 'gone' && isShown);
      if (isIn || earlier?.others) {
        const others = await watchOthers(port, id, earlier ?? group, losses, signal, standing?.members);
        watched.set(group.id, others);
        if (others.members?.isComplete && !others.lists(id)) goneBefore.add(group.id);
      }
      if (isIn && !earlier) taken.groups.push(watched.get(group.id)!.group);
      if (told === 'gone') notes.push(`${group.displayName} (${group.id}) was deleted after the capture`);
      else if (!isIn && !earlier && !mayBeHidden) removedByOthers(group);
    }
    await record();
    // Only memberships that `trying` has recorded; `uncaptured` below reports later ones.
    const outage = new Outage();
    for (const [groupId, others] of [...watched]) {
      const removed = await removeMembership(port, id, others, signal)
        .catch(onContradiction)
        .catch((failure: unknown) => outage.unlessMany(failure, others, 'removed', signal))
        .catch(onHarm);
      if (!removed) continue;
      const { writes, notes: ofOthers } = removed;
      forgetUnharmed();
      notes.push(...ofOthers);
      most = Math.max(most, writes);
      // A server may leave out an empty list (RFC 7643 §2.5). One that may be cut off tells no sweep who is back.
      if (others.members && (isHidden(others.members) || others.members.mayBeCut)) untold.add(groupId);
      if (writes > 0 || isOurs(others.group)) continue;
      // It went after a write of ours, which may have taken it as well, unless the group did not list it before.
      if (most > 0 && !contradicted.has(groupId) && !goneBefore.has(groupId)) {
        notes.push(`also no longer in ${others.group.displayName}, perhaps by the removal`);
        continue;
      }
      taken.groups = without(taken.groups, [others.group]);
      removedByOthers(others.group);

      /** Its removal is refused, or has no effect. The system may say why: the group is right. */
      function onContradiction(error: unknown): Awaited<ReturnType<typeof removeMembership>> {
        if (!contradicted.has(groupId) || !isFinalFailure(error, FailureType.Refused)) throw error;
        if (others.saysAbsent) return { writes: 0, notes: [] };
        stillContradicted.push(others.group);
        return { writes: 1, notes: [] };
      }

      /** Where others went, another attempt looks again. */
      function forgetUnharmed(): void {
        if (!others.isHarmed) watched.delete(groupId);
      }

      async function onHarm(error: unknown): Promise<never> {
        forgetUnharmed();
        if (isFinalFailure(error, FailureType.HarmedOthers, FailureType.CannotTell)) await record();
        throw error;
      }
    }
    outage.end();
    const left = await port.groupsOf(id, signal);
    const uncaptured: GroupRef[] = [];
    for (const each of left) {
      if (!isConfigured(each, names) || isAmong(stillContradicted)(each.group)) continue;
      const standing = await port.standingIn?.(id, each.group.id, undefined, signal);
      // The account may show it late.
      if (standing?.is === 'out' || standing?.is === 'gone')
        notes.push(
          `${port.system} shows ${each.group.displayName} of the account still, and the group says that it is out`,
        );
      else uncaptured.push(each.group);
    }
    const cost = most > 0 ? await addCost() : {};
    // While it is inactive it has no access by them. Once it is active, the drift check sees them.
    const ofInactive = looked.flatMap(({ standing }) =>
      standing.is === 'cannot tell' && standing.ofInactive ? standing.because : [],
    );
    notes.push(...ofInactive.map((because) => `the account is inactive, and ${port.system} ${because}`));
    if (captured.groups.length === 0 && uncaptured.length === 0 && ofInactive.length === 0)
      notes.push('was in none of the critical groups');
    notes.push(
      ...new Set(looked.flatMap(({ standing: { note } }) => (note ? `${port.system} ${note}` : []))),
    );
    await assertOut();
    if (untold.size > 0) taken.untold = [...untold];
    return { taken, version: user.version, ...cost, uncaptured, notes, writes: most };

    function removedByOthers({ displayName }: GroupRef): void {
      notes.push(`another administrator removed it from ${displayName} after the capture`);
    }

    /** With the members that a retry compares, where the answer to a removal is lost. */
    function record(): Promise<void> {
      const all = taken.groups.map((group) => watched.get(group.id)?.atRisk ?? group);
      const listed = new Set(bounded(all));
      return trying({ ...taken, groups: all.map((each) => (listed.has(each) ? each : counted(each))) });
    }

    /** Before the first write: a hold on only some of the groups would leave access open. @throws FinalFailure Refused, CannotTell */
    function assertAllCanGo(all: readonly Membership[], ways: readonly Looked[]): void {
      const [untold] = untoldAmong(port, all, names);
      if (untold !== undefined) throw cannotTell(untold);
      const obstacle = obstacleOf(port, all, ways, isCaptured, names);
      if (obstacle !== undefined)
        throw new FinalFailure(FailureType.Refused, `${captured.userName} ${obstacle}`);
    }

    /** What went besides in the same moment, perhaps by our writes. */
    async function addCost(): Promise<Pick<Blocked, 'rights'>> {
      // Where the group itself is asked, its word before the writes is the later one.
      const wasOut = isAmong(
        looked.flatMap(({ group, standing }) => (group && standing.is === 'out' ? group : [])),
      );
      const had = present.flatMap(({ group, via }) => (via === 'direct' && !wasOut(group) ? group : []));
      const others = bounded(without(had, [...left.map(({ group }) => group), ...captured.groups]));
      const { present: listed } = await askGroups(port, id, others, signal);
      const lost = without(others, listed);
      const now = user.active === true ? await port.read(captured, signal) : undefined;
      const isSuspended = now?.active === false;
      const cost = now ? changeOf(user, now) : {};
      const rights = cost.rights?.filter(isTaken) ?? [];
      if (rights.length > 0)
        notes.push(`also lost values of ${namesOfRights(rights)}, perhaps by the removal`);
      if (lost.length > 0) notes.push(`also no longer in ${namesOf(lost)}, perhaps by the removal`);
      if (isSuspended) notes.push('no longer active, perhaps by the removal');
      if (lost.length === 0 && !isSuspended) return cost;
      taken.groups.push(...lost);
      taken.suspended ||= isSuspended;
      await record();
      return cost;
    }

    /** @throws FinalFailure CannotTell */
    async function assertOut(): Promise<void> {
      const doubtful = looked.filter(
        ({ group, standing }) => group && standing.is === 'cannot tell' && !standing.ofInactive,
      );
      // The look after the removals may tell what the first one did not: a list that became shorter was whole.
      const again = await look([...new Set(doubtful.map(({ name }) => name))]);
      // An account in no other group comes by none, as far as the system finds its memberships at all.
      const hasWay = left.length > 0 || present.length === 0;
      const problems = [
        ...looked.filter((each) => !doubtful.some(({ name }) => name === each.name)),
        ...again,
      ].flatMap((each) => {
        const { name, group, standing } = each;
        if (group && !shows(standing)) untold.add(group.id);
        if (standing.is === 'nested') return [`${port.system}: "${name}" ${comesBy(standing.by)}`];
        const untoldBy = doubtIn(port, each, hasWay);
        if (untoldBy !== undefined) return [untoldBy];
        if (standing.is === 'direct' && group && !isCaptured(group) && !isAmong(uncaptured)(group))
          return [`${port.system} lists the account in "${name}", and not among its memberships`];
        return [];
      });
      for (const { displayName } of stillContradicted)
        problems.push(
          `${port.system} shows the account in "${displayName}", which does not list it, before its removal and after it`,
        );
      const doubt = doubtOf(losses);
      // A person's retry does not ask again whom this attempt took.
      if (doubt !== undefined) await record();
      if (problems.length === 0 && doubt === undefined) return;
      const mend = looked.every(({ group }) => group)
        ? 'Look'
        : 'Correct the group in the configuration, and look';
      const texts =
        problems.length > 0
          ? [`${problems.join('; ')}. ${mend} at the account before you settle the step`]
          : [];
      throw cannotTell([doubt ?? [], texts].flat().join('. '));
    }
  },
});

/**
 * @param isTaken whether the hold takes the account out of a group
 * @returns why the account cannot be removed from one of the groups, for people
 */
function obstacleOf(
  port: AccessPort,
  all: readonly Membership[],
  ways: readonly Looked[],
  isTaken: (group: Pick<GroupRef, 'id'>) => boolean,
  names: readonly string[],
): string | undefined {
  const fixed = all.find(
    (each) =>
      !isChangeable(each) &&
      !each.isUntold &&
      (isTaken(each.group) || isConfigured(each, names)) &&
      !goesWith(each),
  );
  const way = ways.find(({ standing }) => standing.is === 'nested');
  const [group, via, reason] = fixed
    ? [fixed.group, fixed.via, fixed.changeable]
    : [way?.group, 'nested', way?.standing.is === 'nested' && comesBy(way.standing.by)];
  return group && `cannot be removed from ${group.displayName} on ${port.system} (${via}): ${reason}`;

  /** Whether a nested membership comes by a group that the hold takes. */
  function goesWith({ by }: Membership): boolean {
    if (by === undefined) return false;
    const inner = all.find(({ group }) => group.id === by);
    return isTaken({ id: by }) || (inner?.via === 'nested' && goesWith(inner));
  }
}

/** @param hasWay whether the account is in other groups, by which it may come @returns why a group does not tell, for people */
const doubtIn = (port: AccessPort, { group, standing }: Looked, hasWay: boolean): string | undefined =>
  standing.is === 'cannot tell' && !standing.ofInactive && (hasWay || !group || standing.isSerious)
    ? `${port.system} ${standing.because}`
    : undefined;

/** @returns why it cannot be told whether the account is in some of the groups, for people */
const untoldAmong = (port: AccessPort, all: readonly Membership[], names: readonly string[]): string[] =>
  all.flatMap((each) =>
    each.isUntold && isConfigured(each, names) ? `${port.system} ${each.changeable}` : [],
  );

/** A group whose other members are too many to record. */
const counted = ({ others, ...group }: GroupRef): GroupRef => ({
  ...group,
  ...(others && { others: typeof others === 'number' ? others : others.length }),
});

const isConfigured = ({ group }: Membership, names: readonly string[]): boolean =>
  names.some((name) => isNamed(group.displayName, name));

const isAmong =
  (groups: readonly GroupRef[]) =>
  ({ id }: Pick<GroupRef, 'id'>): boolean =>
    groups.some((group) => group.id === id);
