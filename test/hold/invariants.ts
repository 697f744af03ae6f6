/** What must hold of every sequence, judged by the ledger. Each problem is a sentence; none means that all of it held. */
import { ACCOUNT, ACTIVE, exists, memberOf, type Cell, type Ledger } from './ledger.js';
import { excuseForGivingBack, type Played } from './exemptions.js';
import { CRITICAL } from './site.js';

/** During the hold: called at the moment in which the system is reported blocked. */
export function problemsWhenBlocked({ script, ledger, excuses }: Played): string[] {
  if (!ledger.is(ACCOUNT)) return [];
  const problems: string[] = [];
  const judge = (cell: Cell, what: string, alsoSince = 0) => {
    const seen = ledger.looks.get(cell) ?? 0;
    const change = ledger.lastChange(cell);
    const isAfterTheLook = change?.author === 'admin' && change.t > seen;
    if (isAfterTheLook || alsoSince > seen) excuses.use('given after the last look');
    else problems.push(`reported blocked, but ${what}`);
  };
  if (script.hold === 'suspend') {
    if (ledger.is(ACTIVE)) judge(ACTIVE, 'the account is active');
    return problems;
  }
  for (const { id, name } of ledger.groups.values()) {
    if (!ledger.is(exists(id)) || !ledger.is(memberOf(id)) || !CRITICAL.includes(name)) continue;
    judge(memberOf(id), `the account is in ${name} (${id.slice(0, 4)})`, ledger.renamed.get(id));
  }
  return problems;
}

/** @param notGivenBack the sentence of the failure that lists what could not be given back, if there is one */
export function problemsAfterRestore(played: Played, notGivenBack: string | undefined): string[] {
  const { ledger } = played;
  const problems: string[] = [];
  const listed = notGivenBack ?? '';

  for (const cell of heldCells(ledger)) {
    const is = ledger.is(cell);
    const should = ledger.withoutHold(cell);
    if (is === should) continue;
    const what = nameOf(cell, ledger);
    if (!is) {
      const isListed = cell === ACTIVE && listed.includes('the activation');
      if (!isListed) problems.push(`${what} is missing after the restore, and not listed`);
    } else {
      const excuse = excuseForGivingBack(cell, played);
      if (excuse) played.excuses.use(excuse);
      else
        problems.push(
          `${what} is there after the restore, though it was not before or another administrator took it`,
        );
    }
  }
  return [...problems, ...problemsOfTheList(ledger, listed)];
}

/** What was taken and cannot be given back is listed, and nothing is listed that is not so. */
function problemsOfTheList(ledger: Ledger, listed: string): string[] {
  const problems: string[] = [];
  const isDeleted = !ledger.is(ACCOUNT);
  const deletion = ledger.lastChange(ACCOUNT);
  const restoreBegan = ledger.story.findIndex((line) => / hold, (restore|second-look): /.test(line)) + 1;
  const isBefore = (t: number | undefined) => t !== undefined && restoreBegan > 0 && t < restoreBegan;

  if (isDeleted) {
    const wasHeld = [...ledger.cells.keys()].some((cell) => ledger.isHeldAt(cell, deletion!.t));
    if (wasHeld && isBefore(deletion!.t) && !listed.includes('the account '))
      problems.push('the account was deleted while something was taken from it, and that is not listed');
  } else {
    if (listed.includes('the account ')) problems.push('an account is listed as deleted that is there');
    for (const { id, firstName } of ledger.groups.values()) {
      const gone = ledger.lastChange(exists(id));
      if (ledger.is(exists(id)) || !gone) continue;
      const isListed = [...ledger.names(id)].some((name) => listed.includes(`the membership in ${name},`));
      if (ledger.isHeldAt(memberOf(id), gone.t) && isBefore(gone.t) && !isListed)
        problems.push(`${firstName} was deleted while the membership was taken, and that is not listed`);
    }
  }
  for (const [, name] of listed.matchAll(/the membership in ([^,]+),/g)) {
    const isGone = [...ledger.groups.values()].some(
      ({ id }) => ledger.names(id).has(name!) && !ledger.is(exists(id)),
    );
    if (!isGone) problems.push(`${name} is listed as deleted, and no such group was`);
  }
  const activation = ledger.writes.some(
    ({ author, cell, after }) => author === 'admin' && cell === ACTIVE && after,
  );
  if (listed.includes('the activation') && !activation)
    problems.push('the activation is listed as given by another administrator, and none gave it');
  return problems;
}

export function problemsAfterRevoke({ ledger, excuses }: Played): string[] {
  if (!ledger.is(ACCOUNT)) return [];
  const problems: string[] = [];
  for (const cell of heldCells(ledger)) {
    if (!ledger.is(cell)) continue;
    const change = ledger.lastChange(cell);
    if (change?.author === 'admin' && change.t > (ledger.looks.get(cell) ?? 0)) {
      excuses.use('given after the last look');
    } else problems.push(`${nameOf(cell, ledger)} is there after the revocation`);
  }
  return problems;
}

/** What holds of every sequence, however it ended. */
export function problemsAlways({ ledger }: Played): string[] {
  const problems = ledger.trespasses.map((what) => `the hold did what it has no business to do: ${what}`);
  for (const { author, moment, cell, before, after } of ledger.writes) {
    if (author === 'hold' && moment === 'capture' && before !== after)
      problems.push(`the hold changed ${nameOf(cell, ledger)} before the capture was recorded`);
  }
  return problems;
}

/** The cells that a hold could touch, as far as there still is something to touch. */
function heldCells(ledger: Ledger): Cell[] {
  if (!ledger.is(ACCOUNT)) return [];
  const groups = [...ledger.groups.keys()].filter((id) => ledger.is(exists(id)));
  return [ACTIVE, ...groups.map(memberOf)];
}

function nameOf(cell: Cell, ledger: Ledger): string {
  const group = [...ledger.groups.values()].find(({ id }) => memberOf(id) === cell);
  return group ? `the membership in ${group.name} (${group.id.slice(0, 4)})` : `the ${cell} account`;
}
