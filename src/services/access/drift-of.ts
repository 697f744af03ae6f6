/** Looks whether a hold still stands: whether access came back to an account, or another account of the employee appeared. */
import { MOST_SAID, type Drift, type WatchedAccount, type WatchedHold } from '../../exit/drift.js';
import { FailureType, isFinalFailure, untoldIn } from '../../exit/failures.js';
import { showingOf, type HoldKind } from '../../exit/hold-facts.js';
import { knownKeys, type Person } from '../../exit/matching.js';
import type { AccessPort, Standing } from './access-port.js';
import { tookOver, type Matching } from './find-accounts.js';
import { comesBy, groupsOf, isNamed, lookInto, namesOf, shows, type Looked } from './memberships.js';
import { lateLossIn } from './other-members.js';
import { foundNow, has, passedOn } from './still-theirs.js';
import type { Known } from './whose-account.js';

/** A critical group that does not show who is in it. `groupId`: undefined where the system has none of that name. */
interface Silent {
  groupId: string | undefined;
  name: string;
  standing: Standing;
}

type Seen = Pick<Drift, 'what' | 'isUntold'>;
type DriftOptions = Pick<Known, 'chosen'> & Pick<WatchedHold, 'isConfirmed'>;

export const driftOf =
  (port: AccessPort, matching: Matching) =>
  /**
   * @param held the accounts that the hold has blocked
   * @param options.isConfirmed a person has spoken for other accounts, and for what cannot be told
   * @returns which access there is that the hold has not taken, or what cannot be told; undefined while the hold stands
   */
  async (
    employee: Person,
    held: readonly WatchedAccount[],
    hold: HoldKind,
    signal: AbortSignal,
    { chosen, isConfirmed = false }: DriftOptions = {},
  ): Promise<Seen | undefined> => {
    const known = { held: held.map(({ id }) => id), chosen, showing: showingOf(held) };
    let untold: Seen | undefined;
    for (const account of held) {
      const seen = await of(account).catch(untoldOf);
      const doubt = seen && !seen.isUntold && (await doubtOf(account));
      if (seen && !seen.isUntold && !doubt) return seen;
      untold ??= doubt || seen;
    }
    if (isConfirmed) return undefined;
    const now = await foundNow(port, matching, employee, held[0], known, signal, true);
    const isKnown = knownKeys([...matching.match, ...(matching.also ?? [])], employee).length > 0;
    if (!now && isKnown)
      untold ??= cannotTell(
        `no key of ${employee.employeeId} finds accounts now: ${held.length > 0 ? 'another' : 'one'} may be active`,
      );
    const other = `${held.length > 0 ? 'another' : 'an'} account of the employee`;
    for (const each of now ?? []) {
      const { id, userName, active } = each;
      if (held.some((account) => account.id === id) || active === false) continue;
      const doubt = chosen?.includes(id)
        ? undefined
        : await tookOver(port, matching, employee, known.held, each, signal);
      if (doubt !== undefined) {
        untold ??= cannotTell(doubt);
        continue;
      }
      if (hold.kind === 'groups') {
        const groups = new Set(held.flatMap((account) => account.groups));
        const { isIn, because } = await accessOf(id, [...groups]);
        // A hold has never looked at this account, so that a group that does not tell is news.
        if (because !== undefined)
          untold ??= cannotTell(
            `whether ${other} has access, ${userName} (${id}): ${port.system} ${because}`,
          );
        if (isIn === undefined) continue;
      }
      if (active) return { what: `${other} is active: ${userName} (${id})` };
      untold ??= cannotTell(`whether ${other} is active, is not shown: ${userName} (${id})`);
    }
    return untold;

    /** Access that came back may be another person's, to whom the account has passed. */
    async function doubtOf({ id }: WatchedAccount): Promise<Seen | undefined> {
      const found = await foundNow(port, matching, employee, { id }, known, signal);
      if (!found || has(found, id)) return undefined;
      const user = await port.read({ id }, signal);
      return user && cannotTell(passedOn(port, user, user, matching, employee));
    }

    async function of({ id, groups, untold: before = [] }: WatchedAccount): Promise<Seen | undefined> {
      if (hold.kind === 'suspend') {
        const user = await port.read({ id }, signal);
        if (!user || user.active === false) return undefined;
        if (user.active) return { what: 'the account is active again' };
        return cannotTell(`whether the account ${user.userName} is active, is not shown any more`);
      }
      const { isIn, silent, looked = [] } = await accessOf(id, groups);
      if (isIn !== undefined) return { what: `is in ${isIn}` };
      for (const { group, standing } of looked) {
        const loss = group && (await lateLossIn(port, group, standing.members, signal));
        if (loss !== undefined) return cannotTell(loss);
      }
      // What did not tell the block either, the block has said. An inactive account has no access.
      const news = silent.find(
        ({ groupId, standing }) =>
          (groupId === undefined || !before.includes(groupId)) &&
          // By a member whom the list does not show, the system has told that its search looks beyond the list.
          !(standing.members?.mayBeCut && standing.members.unlisted?.length) &&
          !(standing.is === 'cannot tell' && standing.ofInactive),
      );
      if (!news) return undefined;
      const { name, standing } = news;
      const because =
        standing.is === 'cannot tell' ? standing.because : 'no longer shows the members of that group';
      return cannotTell(`whether the account is in ${name}: ${port.system} ${because}`);
    }

    /** @returns the critical groups that the account is in, for people; or why a group does not tell, and those that do not show who is in them */
    async function accessOf(
      id: string,
      groups: readonly string[],
    ): Promise<{
      isIn?: string | undefined;
      because?: string | undefined;
      silent: Silent[];
      looked?: readonly Looked[];
    }> {
      const names = hold.kind === 'groups' ? hold.groups : [];
      // By id, since a group may have another name now; and by name, since another group may have the name now.
      const back = await groupsOf(
        port,
        id,
        signal,
        ({ group, isUntold }) =>
          !isUntold && (groups.includes(group.id) || names.some((name) => isNamed(group.displayName, name))),
      );
      const silent: Silent[] = [];
      if (back.length > 0) return { isIn: `${namesOf(back)} again`, silent };
      const looked = await lookInto(port, id, names, [], () => true, signal);
      let renamed = 0;
      for (const groupId of groups.filter((each) => looked.every(({ group }) => group?.id !== each))) {
        const standing = await port.standingIn?.(id, groupId, () => true, signal);
        if (standing && standing.is !== 'gone') renamed++;
        const name = `the group ${groupId}`;
        if (standing) looked.push({ name, group: { id: groupId, displayName: name }, standing });
      }
      let because: string | undefined;
      // Where another group shows members, an empty list hides none.
      const showsOthers = looked.some(({ standing: { members } }) => (members?.ids.length ?? 0) > 0);
      for (const { name, group, standing } of looked) {
        if (standing.is === 'direct') return { isIn: `${name} again`, silent };
        if (standing.is === 'nested') return { isIn: `${name} again: it ${comesBy(standing.by)}`, silent };
        if (standing.is === 'cannot tell') because ??= standing.because;
        // A held group that has another name now is why there is none of its name.
        if (!group && renamed-- > 0) continue;
        const isEmpty = standing.is === 'out' && showsOthers;
        if (!shows(standing) && !isEmpty) silent.push({ groupId: group?.id, name, standing });
      }
      return { because, silent, looked };
    }

    function untoldOf(error: unknown): Seen {
      if (!isFinalFailure(error, FailureType.CannotTell)) throw error;
      return cannotTell(untoldIn(error));
    }

    function cannotTell(what: string): Seen {
      return { what: `cannot tell: ${what}`.slice(0, MOST_SAID), isUntold: true };
    }
  };
