/**
 * The histories that SCIM cannot tell apart. It does not say who set a value: another administrator who sets the same value is taken
 * for the hold. These, and no others, are exempt, and each use is counted. In all but the last, the restore also gives back what
 * another administrator had taken.
 *
 * | class | history | why it cannot be known |
 * | --- | --- | --- |
 * | the same value as ours | the hold took it, and another administrator takes it too | the value does not say that two wanted it so |
 * | the same value, while our write was on its way | the hold saw it and sent its write, but another administrator was faster; the refusal is lost, the server has no ETags to refuse by, or it had answered an ignored write with success | a 200 to a write that changed nothing, or no answer, looks like one that did |
 * | the same value, and the attempt was lost | an attempt had reported that it would take it, or that its suspension may cost it, and never ended; another administrator takes it | its write may have been sent |
 * | what was taken is not known | the block was cancelled and its reports were lost: everything gone counts as ours | as above, for everything |
 * | taken again before the restore was over | the hold gave it back; another administrator takes it before a later try, or the second look, of the same restore | it looks like a write of the block that landed late |
 * | a late giving, without ETags | the hold gave it back; another administrator takes it; a copy of the giving lands | it lands unseen; with ETags it is refused, and there is no such excuse |
 * | changed while the block was on its way | another administrator changes what the block does not touch, between the look before its writes and the end of the looks after them | what is taken looks like the cost of our write, which some systems show late; what is given and then lost by it is in no record |
 * | others went with a lost write | a removal took others, and its attempt failed before it looked | the answer was lost, and no later attempt of the block looked |
 * | changed while it was hidden | another administrator changes a membership of an inactive account, and the server shows none of such an account | nothing shows it |
 * | given after the last look | reported as gone, and given by another administrator between that look and the report | an observation is of the moment in which it is made |
 */
import { ACTIVE, memberOf, type Cell, type Ledger, type Sent, type Write } from './ledger.js';
import type { Manner } from './manners.js';
import type { Script } from './script.js';
import { CRITICAL } from './site.js';

const IGNORES: Manner = 'ignores the path of a write';

export type Excuse =
  | 'the same value as ours'
  | 'the same value, while our write was on its way'
  | 'the same value, and the attempt was lost'
  | 'what was taken is not known'
  | 'taken again before the restore was over'
  | 'a late giving, without ETags'
  | 'changed while the block was on its way'
  | 'others went with a lost write'
  | 'changed while it was hidden'
  | 'given after the last look';

export class Excuses {
  readonly used = new Map<Excuse, number>();
  use(excuse: Excuse): void {
    this.used.set(excuse, (this.used.get(excuse) ?? 0) + 1);
  }
}

/** What the judges look at. */
export interface Played {
  script: Script;
  ledger: Ledger;
  excuses: Excuses;
  /** The block was cancelled and its report lost: what it had taken is not known. */
  wasLost: boolean;
  hasEtags: boolean;
}

/** Why the restore may have given what, by the ledger, another administrator had taken. */
export function excuseForGivingBack(
  cell: Cell,
  { script, ledger, wasLost, hasEtags }: Played,
): Excuse | undefined {
  const theirs = ledger.lastByAdmin(cell);
  // No other administrator took it, and it was not there: no excuse.
  if (!theirs) return undefined;
  if (isUnseen(theirs, script, ledger)) return 'changed while it was hidden';
  if (changesBesides(cell, ledger).some(({ after }) => !after))
    return 'changed while the block was on its way';
  const isLost = ledger.attempts.some(
    ({ reported, failed, began }) => failed && reported.has(cell) && began < theirs.t,
  );
  // The block cost it, or an attempt that never ended may have.
  if (isBesides(cell, script, ledger) && !ledger.everTaken(cell))
    return isLost ? 'the same value, and the attempt was lost' : undefined;
  const ours = ledger.everTaken(cell);
  if (ours && ours.t < theirs.t) {
    const isGivenBack = ledger.writes.some(
      ({ author, cell: other, before, after, t }) =>
        author === 'hold' && other === cell && !before && after && ours.t < t && t < theirs.t,
    );
    if (!isGivenBack) return 'the same value as ours';
    if (!ledger.lastChange(cell)!.late) return 'taken again before the restore was over';
    return hasEtags ? undefined : 'a late giving, without ETags';
  }
  const isOnItsWay = ledger.sent.some(
    ({ moment, cell: other, wanted, answer }) =>
      moment === 'block' &&
      other === cell &&
      !wanted &&
      (answer === 'unknown' || (answer === 'done' && (!hasEtags || script.server === IGNORES))),
  );
  if (isOnItsWay) return 'the same value, while our write was on its way';
  if (isLost) return 'the same value, and the attempt was lost';
  return wasLost ? 'what was taken is not known' : undefined;
}

/** Whether the server has hidden a change by another administrator: of a membership of an account that was inactive. */
export const isUnseen = ({ cell, author, t }: Write, { server }: Script, ledger: Ledger): boolean =>
  server === 'hides inactive members' &&
  author === 'admin' &&
  cell.includes('member of ') &&
  !ledger.wasActive(cell, t);

/** Whether the hold does not set out to take it. */
export function isBesides(cell: Cell, { hold }: Script, ledger: Ledger): boolean {
  if (cell === ACTIVE || hold === 'suspend') return (cell === ACTIVE) !== (hold === 'suspend');
  return ![...ledger.groups.keys()].some(
    (id) => cell === memberOf(id) && CRITICAL.some((name) => ledger.names(id).has(name)),
  );
}

/**
 * @returns changes by other administrators between two neighbouring looks, between which the block took something else, or until the
 *   attempt that took it was over
 */
export function changesBesides(cell: Cell, { writes, looks, sent, attempts }: Ledger): Write[] {
  const all = looks.get(cell) ?? [];
  return writes.filter(({ author, cell: other, t }) => {
    const before = all.findLast((look) => look <= t) ?? 0;
    const after = all.find((look) => look > t) ?? Infinity;
    const { began = Infinity } = attempts.find(({ began, ended = 0 }) => began <= t && t <= ended) ?? {};
    const isBetween = (at: number) => (before <= at && at <= after) || (began <= at && at < t);
    const isTaking = (send: Sent) =>
      send.moment === 'block' && send.cell !== cell && !send.wanted && isBetween(send.t);
    return author === 'admin' && other === cell && sent.some(isTaking);
  });
}
