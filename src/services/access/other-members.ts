/** The other members of a group around a write of ours: whom it took besides. */
import { cannotTell, FailureType, FinalFailure, whereUntold } from '../../exit/failures.js';
import type { GroupRef } from '../../exit/hold-facts.js';
import type { AccessPort, Members, Outcome } from './access-port.js';
import { isHidden } from './memberships.js';
import { isRecent, unexplained } from './other-exits.js';
import { isSameId, plainId } from '../protocols/resource-id.js';
import { isSameVersion } from '../protocols/resource-version.js';

/** What this process has removed from the groups of a system, as `<group id> <account id>`, and when: no harm by the next removal. */
const ours = new WeakMap<AccessPort, Map<string, number>>();
/** A list that shows a member so long after its removal shows that it was given back, in milliseconds. */
const SHOWN_LATE_MS = 60_000;
const MOST_REMEMBERED = 10_000;
/** A record has a limit, and a group may have thousands of members. */
const MOST_RECORDED = 500;
const MOST_READ = 20;

/** By group, the other members right after a removal: some systems take others later, by a job, which a sweep then sees. */
const remaining = new WeakMap<AccessPort, Map<string, { ids: string[]; at: Date }>>();

/** By the id of a group where other members went in this attempt: what cannot be told of it; undefined where another write explains it. */
export type Losses = Map<string, string | undefined>;

/** @returns what a person is to look at before the step is done: each of the losses may be a coincidence */
export const doubtOf = (losses: Losses): string | undefined =>
  [...losses.values()].find((loss) => loss !== undefined);

export type Watched = Awaited<ReturnType<typeof watchOthers>>;

/**
 * @param group with the members that an earlier attempt recorded before its write
 * @param losses of this attempt so far; the caller says their doubt
 * @param seen the members, where they were read just now
 */
export async function watchOthers(
  port: AccessPort,
  accountId: string,
  { others: known, isHarmed: _isHarmed, ...of }: GroupRef,
  losses: Losses,
  signal: AbortSignal,
  seen?: Members,
) {
  const look = async (): Promise<Members | undefined> => port.membersOf?.(of.id, signal);
  const recorded = typeof known === 'object' ? known : undefined;
  const count = typeof known === 'number' ? known : undefined;
  // Those that a list hides are asked for before the first write to any group.
  let members = seen && !seen.mayHide ? seen : await look();
  const entryNow = (): GroupRef['entry'] =>
    members?.entries?.find(({ id, entry }) => isSameId(id, accountId) && isShort(entry))?.entry;
  const entry = of.entry ?? entryNow();
  const group: GroupRef = entry ? { ...of, entry } : of;
  const isHarmed = (): boolean => losses.get(group.id) !== undefined;
  /** The other members before our first write that may have had an effect, and the version that the last one made. */
  let before = recorded;
  /** Those that this attempt saw before that write. */
  let here: string[] | undefined;
  /** The list before that write. */
  let first = members;
  let mayHaveActed = false;
  let made: string | undefined;
  /** The last write was conditional on the version of the list before it: no other write came between. */
  let isNext = false;
  let isLooked = false;
  let saysAbsent = false;
  const isHiddenNow = (): boolean => members !== undefined && isHidden(members);
  const wasHidden = isHiddenNow();
  const others = (): string[] => (members?.ids ?? []).filter((id) => !isSameId(id, accountId));
  return {
    group,
    get members() {
      return members;
    },
    /** What the group has of the account besides its id. */
    get entry() {
      return entryNow();
    },
    /** Whether others went: a later attempt is to find that again. */
    get isHarmed() {
      return isHarmed();
    },
    /** Whether the system has answered a removal that the account is no member. */
    get saysAbsent() {
      return saysAbsent;
    },
    lists: (id: string): boolean => members?.ids.some((each) => isSameId(each, id)) ?? false,
    /** The group with whom a removal may take besides, for the record. */
    get atRisk(): GroupRef {
      const ids = before ?? others();
      const listed = known ?? (ids.length > MOST_RECORDED ? ids.length : ids);
      if (ids.length === 0 && known === undefined) return group;
      return { ...group, others: listed, ...(isHarmed() && { isHarmed: true }) };
    },
    /** Looks again, but for the first time, for which the look from before serves. */
    async look(): Promise<void> {
      if (isLooked) members = await look();
      isLooked = true;
    },
    /** @param version on which the write is conditional */
    async during(write: () => Promise<Outcome>, version?: string): Promise<Outcome> {
      const hadActed = mayHaveActed;
      if (!hadActed) {
        // Another group may have shown by now that the list is whole.
        if (members?.mayBeCut) members = await look();
        first = members;
        here = others();
        forgetGivenBack(here);
      }
      before = recorded ?? here;
      isLooked = true;
      mayHaveActed = true;
      const outcome = await write();
      saysAbsent ||= outcome.kind === 'conflict' && outcome.isAbsent === true;
      // A write that met another version took none: who went before the next one, went by other hands.
      if (outcome.kind === 'conflict' || outcome.kind === 'refused') mayHaveActed = hadActed;
      made = outcome.kind === 'written' ? outcome.version : undefined;
      isNext = version !== undefined && version === first?.version;
      return outcome;
    },
    /** @returns a note on others who went by other hands, or whom the list may not show @throws FinalFailure HarmedOthers */
    async lost(verb: 'added' | 'removed' | 'suspended'): Promise<string[]> {
      if (verb === 'removed' && members?.isComplete) noteRemaining(others());
      // It was deleted meanwhile: not by a write of ours.
      if (!members && (await port.standingIn?.(accountId, group.id, undefined, signal))?.is === 'gone')
        return [];
      const what = `since it ${verb} ${accountId}`;
      const fewer = (count ?? 0) - others().length;
      if (count !== undefined && port.membersOf && isDrastic(fewer, count))
        throw harmed(
          `${port.system} lists ${others().length} other members of ${group.displayName} ${what}, and listed ${count} before`,
        );
      if (!before || !port.membersOf) return [];
      if (wasHidden && isHiddenNow() && !recorded)
        return [
          `it cannot be told whether other members went: ${port.system} does not show those of ${group.displayName}`,
        ];
      const after = new Set(members?.ids.map(plainId));
      const isGone = (id: string): boolean => !after.has(plainId(id)) && !isOurs(port, group, id);
      const unlisted = (first?.unlisted ?? []).filter((id) => !isSameId(id, accountId));
      const hidden = unlisted.filter((id) => isGone(id) && !members?.unlisted?.includes(id));
      const all = [...before.filter(isGone), ...hidden];
      if (all.length === 0) return ofUnlisted();
      // Of a list that is cut off, the server may show another part each time.
      if (members?.isComplete === false && hidden.length === 0 && others().length >= before.length)
        return [
          `it cannot be told whether other members went: ${port.system} may show only some of ${group.displayName}`,
        ];
      const isLostOf = (ids: readonly string[]): string => {
        const some = ids.slice(0, MOST_READ).join(', ') + (ids.length > MOST_READ ? ', …' : '');
        return `${port.system} no longer lists ${ids.length} other member${ids.length === 1 ? '' : 's'} of ${group.displayName} ${what}: ${some}`;
      };
      // After a write on the version before, the list of the version that it made shows its effect alone. Any other may show more.
      const shown = members?.version;
      const isOwn = made === undefined || shown === undefined ? undefined : isSameVersion(made, shown);
      const isExact = isOwn === true && isNext && all.some((id) => here?.includes(id));
      // Another process of ours may carry out their exits: a removal by it is no harm, also where it has changed no version.
      const isFew = all.length <= MOST_READ;
      const { ids: went, isTold } = isFew
        ? await unexplained(port, group.id, all, signal)
        : { ids: all, isTold: undefined };
      if (went.length === 0) return [`${isLostOf(all)}, by their own exits`];
      const harm = isLostOf(went);
      const isMany =
        isDrastic(went.length, before.length) || (hidden.length > 1 && hidden.length === unlisted.length);
      // Inactive accounts may have exits, unless EMS knows that none has acted.
      const mayHaveExits = !isExact && isTold !== true;
      if (mayHaveExits && (await areInactive(went)))
        return [`${harm}, all inactive, perhaps by their own exits or another administrator`];
      // One loss may be a coincidence, and a second one in the same attempt is none. Another version shows the write of another.
      const isOfAnother = isOwn === false;
      losses.set(
        group.id,
        isOfAnother
          ? undefined
          : `${harm}, perhaps by another administrator: give them back there if that was not meant, then retry`,
      );
      const isMuch = losses.size > 1 || isMany;
      if (!isExact && isMuch && isTold === false)
        throw untold(
          `${harm}, perhaps by their own exits: give them back there if that was not meant; the hold has touched no further group`,
        );
      if (!isExact && !isMuch) return isOfAnother ? [`${harm}, by another administrator`] : [];
      throw harmed(harm);
    },
  };

  function harmed(harm: string): FinalFailure {
    const what = withEarlier(`${harm}. Give them back there by hand; the hold has touched no further group`);
    return new FinalFailure(FailureType.HarmedOthers, what);
  }

  function untold(what: string): FinalFailure {
    return cannotTell(withEarlier(what));
  }

  /** A retry does not say it again. */
  function withEarlier(what: string): string {
    losses.delete(group.id);
    const earlier = [...losses.values()].flatMap((loss) => loss ?? []);
    losses.set(group.id, what);
    return [...earlier, `${what}. Retry goes on with the next one`].join('; ');
  }

  function noteRemaining(ids: string[]): void {
    const known = remaining.get(port) ?? new Map<string, { ids: string[]; at: Date }>();
    if (known.size >= MOST_RECORDED) known.clear();
    remaining.set(port, known.set(group.id, { ids, at: new Date() }));
  }

  function forgetGivenBack(shown: readonly string[]): void {
    const known = ours.get(port);
    for (const id of shown) {
      const at = known?.get(keyOf(group, id)) ?? Infinity;
      if (Date.now() - at > SHOWN_LATE_MS) remember(port, group, id, false);
    }
  }

  /** Of a list that was not whole, the members that it did not show may have gone. */
  function ofUnlisted(): string[] {
    if (!first || first.isComplete) return [];
    // It became longer than the length at which it may have been cut.
    if (members?.isComplete && members.ids.length > first.ids.length) return [];
    const doubt = `it cannot be told whether other members went: ${port.system} may show only some of ${group.displayName}`;
    // In a list that is cut off, another member takes the place of one who goes.
    const had = recorded ? recorded.length + 1 : first.ids.length;
    if (!first.mayBeCut || (members?.ids.length ?? 0) >= had) return [doubt];
    losses.set(
      group.id,
      `${doubt}, which listed ${had} members, and lists ${members?.ids.length} since: look whether others are missing there, then retry`,
    );
    if (losses.size > 1) throw untold(`${losses.get(group.id)}. The hold has touched no further group`);
    return [];
  }

  async function areInactive(ids: readonly string[]): Promise<boolean> {
    if (ids.length > MOST_READ) return false;
    for (const id of ids) {
      const account = await port.read({ id }, signal).catch(whereUntold(undefined));
      if (account?.active !== false) return false;
    }
    return true;
  }
}

/**
 * Compares the other members with those right after a removal by this process in the last minutes.
 * @param group as its members are read now
 * @returns for people, once, that many of them went since by no exit
 */
export async function lateLossIn(
  port: AccessPort,
  group: GroupRef,
  members: Members | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const known = remaining.get(port);
  const { ids, at } = known?.get(group.id) ?? {};
  if (!ids || !at || !isRecent(at) || !members?.isComplete) return undefined;
  const now = new Set(members.ids.map(plainId));
  const went = ids.filter((id) => !now.has(plainId(id)) && !isOurs(port, group, id));
  if (went.length < 2 || !isDrastic(went.length, ids.length)) return undefined;
  const { ids: some } = await unexplained(port, group.id, went.slice(0, MOST_READ), signal);
  if (some.length < 2) return undefined;
  known!.delete(group.id);
  return `whether a removal took others later: ${port.system} listed ${ids.length} other members of ${group.displayName} after it, and no longer lists ${some.join(', ')}${went.length > some.length ? ', …' : ''}. Give them back there if that was not meant`;
}

/** Who is in thousands of groups has no long entries in them, and a record has a limit. */
const MOST_OF_ENTRY = 1_000;
const isShort = (entry: unknown): boolean => JSON.stringify(entry).length <= MOST_OF_ENTRY;

/** Other administrators seldom remove so many in the moment of one request. */
const isDrastic = (went: number, others: number): boolean =>
  2 * went >= others || (went > 1 && went >= others / 10);

const keyOf = ({ id }: GroupRef, accountId: string): string => `${id} ${plainId(accountId)}`;

function isOurs(port: AccessPort, group: GroupRef, accountId: string): boolean {
  const at = ours.get(port)?.get(keyOf(group, accountId));
  return at !== undefined && isRecent(new Date(at));
}

/** @param isRemoved false where it is given back */
export function remember(port: AccessPort, group: GroupRef, accountId: string, isRemoved: boolean): void {
  const known = ours.get(port) ?? new Map<string, number>();
  const key = keyOf(group, accountId);
  known.delete(key);
  if (!isRemoved) return;
  ours.set(port, known.set(key, Date.now()));
  for (const oldest of known.keys()) {
    if (known.size <= MOST_REMEMBERED) break;
    known.delete(oldest);
  }
}
