/** What must hold of every sequence, judged by the ledger. Each problem is a sentence; none means that all of it held. */
import {
  ACCOUNT,
  ACTIVE,
  exists,
  memberOf,
  SECOND,
  SECOND_ACTIVE,
  secondMemberOf,
  type Cell,
  type Ledger,
  type Write,
} from './ledger.js';
import { changesBesides, excuseForGivingBack, isBesides, isUnseen, type Played } from './exemptions.js';
import { isAdmitted } from './manners.js';
import type { Outcome } from './script.js';
import { CRITICAL, PREFIX } from './site.js';

/**
 * During the hold: called at the moment in which the system is reported blocked.
 * @param note what the report says besides
 */
export function problemsWhenBlocked({ script, ledger, excuses }: Played, note: string): string[] {
  const problems: string[] = [];
  const judge = (cell: Cell, what: string, renamed = 0) => {
    const seen = ledger.lastLook(cell);
    const change = ledger.lastChange(cell);
    const isAfterTheLook = change?.author === 'admin' && change.t > seen;
    const isNew = isOfSecond(cell) && ledger.appeared > ledger.lastLook(SECOND);
    if (isAfterTheLook || isNew || renamed > seen) excuses.use('given after the last look');
    else problems.push(`reported blocked, but ${what}`);
  };
  const isLost = !ledger.is(ACCOUNT) && ledger.lastChange(ACCOUNT)?.author === 'hold';
  if (isLost && !/cannot give it back/.test(note))
    problems.push('reported blocked, without a word of the account that the suspension deleted');
  if (script.hold === 'suspend') {
    if (ledger.is(ACCOUNT) && ledger.is(ACTIVE)) judge(ACTIVE, 'the account is active');
    if (ledger.is(SECOND_ACTIVE)) judge(SECOND_ACTIVE, 'the second account is active');
    return problems;
  }
  for (const { id, name } of ledger.groups.values()) {
    if (!ledger.is(exists(id)) || !CRITICAL.includes(name)) continue;
    const where = `in ${name} (${id.slice(0, 4)})`;
    const renamed = ledger.renamed.get(id) ?? 0;
    // Of two accounts, an inactive one is left alone.
    // Where such members are hidden, it has no access all the same.
    const isLeft = ledger.is(SECOND) || script.server === 'hides inactive members';
    const isHeld = ledger.is(ACCOUNT) && (ledger.is(ACTIVE) || !isLeft);
    if (isHeld && ledger.is(memberOf(id))) judge(memberOf(id), `the account is ${where}`, renamed);
    const isSecondHeld = ledger.is(SECOND_ACTIVE) || script.server !== 'hides inactive members';
    if (isSecondHeld && ledger.is(secondMemberOf(id)))
      judge(secondMemberOf(id), `the second account is ${where}`, renamed);
  }
  return problems;
}

/** What holds of the restore or the revocation in its end. It may stop where the server gives reason to, but is never done wrongly. */
export function problemsAtTheEnd(
  played: Played,
  {
    name,
    state,
    error,
    note = '',
  }: { name: string; state: string; error?: string | undefined; note?: string | undefined },
): string[] {
  const { active, ending, server, happenings } = played.script;
  const suffers = (outcome: Outcome) =>
    happenings.some(({ what }) => what.kind === 'fault' && what.fault.outcome === outcome);
  const isListed = error?.startsWith('cannot give back') === true;
  const hasSecond = happenings.some(
    ({ what }) => what.kind === 'admin' && what.action.does === 'new-account',
  );
  const mayBeInactiveBefore =
    !active || happenings.some(({ what }) => what.kind === 'admin' && what.action.does === 'suspend');
  if (state === 'needs-attention' && error !== undefined && !isListed) {
    const isAllowed =
      isAdmitted(error, server) ||
      (suffers('untold') && error.startsWith('cannot tell: ')) ||
      (suffers('not-found') && error.includes('answered 404 ')) ||
      // Of an account that was inactive before, or that a lost attempt has suspended: a server that hides inactive members looks the same.
      (ending === 'leaving' &&
        (hasSecond || mayBeInactiveBefore) &&
        /may not show the memberships of inactive accounts: /.test(error)) ||
      (played.ledger.appeared > 0 && /^\d+ accounts on /.test(error));
    return isAllowed ? [] : [`${name} ended in: ${error}`];
  }
  if (ending === 'leaving') return problemsAfterRevoke(played);
  // A step that is done may only note what another administrator may have taken as well.
  const noted = note.split('; ').filter((each) => each.startsWith('not given back: '));
  return problemsAfterRestore(played, error ?? noted.join('; '));
}

/** @param said what the step says of what could not be given back: its failure, or its note */
function problemsAfterRestore(played: Played, said: string): string[] {
  const { ledger, script } = played;
  const problems: string[] = [];
  const listed = said.replaceAll(PREFIX, '');

  for (const cell of heldCells(ledger)) {
    const is = ledger.is(cell);
    const should = ledger.withoutHold(cell);
    if (is === should) continue;
    const what = nameOf(cell, ledger);
    if (!is) {
      const names = lostMemberships(listed).map(([, name]) => name!);
      const isListed =
        cell === ACTIVE
          ? listed.includes('the activation')
          : [...ledger.groups.values()].some(
              ({ id }) => isOf(cell, id) && names.some((name) => ledger.names(id).has(name)),
            );
      const isUnseen = isBesides(cell, script, ledger) && changesBesides(cell, ledger).length > 0;
      if (!isListed && isUnseen) played.excuses.use('changed while the block was on its way');
      else if (!isListed) problems.push(`${what} is missing after the restore, and not listed`);
    } else {
      const excuse = excuseForGivingBack(cell, played);
      if (excuse) played.excuses.use(excuse);
      else
        problems.push(
          `${what} is there after the restore, though it was not before or another administrator took it`,
        );
    }
  }
  return [...problems, ...problemsOfTheList(played, listed)];
}

const DELETED = 'a group that was deleted meanwhile';
const WENT = 'which went during the hold';

/** @returns of each membership that a sentence names: the sentence, the group's name, and why it is lost */
const lostMemberships = (listed: string): string[][] =>
  [...listed.matchAll(new RegExp(`the membership in (.+?), (${DELETED}|${WENT})`, 'g'))].flatMap(
    ([all, names, why]) => names!.split(', ').map((name) => [all, name, why!]),
  );

const isLoss =
  (cell: Cell) =>
  ({ cell: other, before, after }: Write): boolean =>
    other === cell && before && !after;

/** What was taken and cannot be given back is listed, and nothing is listed that is not so. */
function problemsOfTheList({ ledger, script }: Played, listed: string): string[] {
  const problems: string[] = [];
  const isAccountListed = /the account (?!\S+-second,)\S+, which was deleted meanwhile/.test(listed);
  const isDeleted = !ledger.is(ACCOUNT);
  const deletion = ledger.lastChange(ACCOUNT);
  const restoreBegan = ledger.story.findIndex((line) => / hold, (restore|second-look): /.test(line)) + 1;
  const isBefore = (t: number | undefined) => t !== undefined && restoreBegan > 0 && t < restoreBegan;

  if (isDeleted) {
    const own = [...ledger.cells.keys()].filter((cell) => !isOfSecond(cell));
    const wasHeld = own.some((cell) => ledger.isHeldAt(cell, deletion!.t));
    if (wasHeld && isBefore(deletion!.t) && !isAccountListed)
      problems.push('the account was deleted while something was taken from it, and that is not listed');
  } else {
    if (isAccountListed) problems.push('an account is listed as deleted that is there');
    for (const { id, firstName } of ledger.groups.values()) {
      const gone = ledger.lastChange(exists(id));
      if (ledger.is(exists(id)) || !gone) continue;
      const isListed = [...ledger.names(id)].some((name) =>
        lostMemberships(listed).some(([, lost]) => lost === name),
      );
      // The hold has seen neither that it was given nor that it went.
      const isUnseen =
        isBesides(memberOf(id), script, ledger) && changesBesides(memberOf(id), ledger).length > 0;
      if (ledger.isHeldAt(memberOf(id), gone.t) && isBefore(gone.t) && !isListed && !isUnseen)
        problems.push(`${firstName} was deleted while the membership was taken, and that is not listed`);
    }
  }
  for (const [, name, why] of lostMemberships(listed)) {
    const groups = [...ledger.groups.values()].filter(({ id }) => ledger.names(id).has(name!));
    const isDeletion = why === DELETED;
    const isSo = groups.some(({ id }) =>
      isDeletion
        ? !ledger.is(exists(id))
        : [memberOf(id), secondMemberOf(id)].some((cell) => ledger.writes.some(isLoss(cell))),
    );
    if (!isSo)
      problems.push(`${name} is listed as ${isDeletion ? 'deleted' : 'lost'}, and no such group was`);
  }
  const activation = ledger.writes.some(
    ({ author, cell, after }) => author === 'admin' && cell === ACTIVE && after,
  );
  if (listed.includes('the activation') && !activation)
    problems.push('the activation is listed as given by another administrator, and none gave it');
  return problems;
}

function problemsAfterRevoke({ ledger, excuses, script }: Played): string[] {
  const problems: string[] = [];
  for (const cell of heldCells(ledger)) {
    if (!ledger.is(cell)) continue;
    const change = ledger.lastChange(cell);
    const isNew = isOfSecond(cell) && ledger.appeared > ledger.lastLook(SECOND);
    if (change && isUnseen(change, script, ledger)) {
      excuses.use('changed while it was hidden');
    } else if (isNew || (change?.author === 'admin' && change.t > ledger.lastLook(cell))) {
      excuses.use('given after the last look');
    } else problems.push(`${nameOf(cell, ledger)} is there after the revocation`);
  }
  return problems;
}

/**
 * What holds of every sequence, however it ended.
 * @param said every sentence in which a step has failed
 */
export function problemsAlways({ ledger, excuses }: Played, said: string[], colleagueId: string): string[] {
  const problems = ledger.trespasses.map((what) => `the hold did what it has no business to do: ${what}`);
  for (const [group, attempt] of ledger.emptied) {
    if (said.some((sentence) => sentence.includes(colleagueId))) continue;
    if (ledger.suffering.has(attempt)) excuses.use('others went with a lost write');
    else problems.push(`a colleague lost the membership in group ${group.slice(0, 4)}, and is not named`);
  }
  for (const { author, moment, cell, before, after } of ledger.writes) {
    if (author === 'hold' && moment === 'capture' && before !== after)
      problems.push(`the hold changed ${nameOf(cell, ledger)} before the capture was recorded`);
  }
  return problems;
}

/** The cells that a hold could touch, as far as there still is something to touch. */
function heldCells(ledger: Ledger): Cell[] {
  const groups = [...ledger.groups.keys()].filter((id) => ledger.is(exists(id)));
  return [
    ...(ledger.is(ACCOUNT) ? [ACTIVE, ...groups.map(memberOf)] : []),
    ...(ledger.is(SECOND) ? [SECOND_ACTIVE, ...groups.map(secondMemberOf)] : []),
  ];
}

const isOf = (cell: Cell, groupId: string): boolean =>
  cell === memberOf(groupId) || cell === secondMemberOf(groupId);

const isOfSecond = (cell: Cell): boolean => cell.startsWith('second ');

function nameOf(cell: Cell, ledger: Ledger): string {
  const group = [...ledger.groups.values()].find(({ id }) => isOf(cell, id));
  const whose = isOfSecond(cell) ? ' of the second account' : '';
  return group ? `the membership${whose} in ${group.name} (${group.id.slice(0, 4)})` : `the ${cell} account`;
}
