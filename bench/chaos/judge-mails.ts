/** Judges the mails of a run, and the interviews that they invite to. */
import { addressOf, managerOf } from './company.js';
import { entriesIn, type Entry } from './calendar.js';
import type { Ended } from './exits.js';
import type { Mail } from './mailbox.js';
import type { Violation } from './violation.js';

export function judgeMails(
  ended: readonly Ended[],
  mails: readonly Mail[],
  refused: ReadonlySet<string>,
  entries: readonly Entry[],
): Violation[] {
  const found: Violation[] = [];
  const contents = new Map<string, Mail>();
  const ids = new Map<string, Mail>();
  for (const mail of mails) {
    const { messageId, to, content, exitId } = mail;
    const sameId = contents.get(messageId);
    if (sameId && sameId.content !== content)
      found.push({
        rule: 'no different mails go out under one Message-ID',
        exitId,
        says: `${messageId} to ${to}: ${JSON.stringify(sameId.content)}, then ${JSON.stringify(content)}`,
      });
    contents.set(messageId, mail);
    const key = `${to}\n${exitId}\n${content}`;
    const same = ids.get(key);
    if (same && same.messageId !== messageId)
      found.push({
        rule: 'no mail goes out twice under different Message-IDs',
        exitId,
        says: `to ${to}: ${same.messageId}, then ${messageId}`,
      });
    ids.set(key, mail);
  }
  for (const each of ended) {
    const ofExit = mails.filter(({ exitId }) => exitId === each.exit.exitId);
    found.push(...judgeExit(each, ofExit, refused, entries));
  }
  const inOrder = entries.toSorted((one, other) => one.startMs - other.startMs);
  for (const [i, { uid, startMs }] of inOrder.entries()) {
    const before = inOrder[i - 1];
    if (before && before.endMs > startMs)
      found.push({ rule: 'no two interviews at one time', says: `${before.uid} and ${uid}` });
  }
  return found;
}

function judgeExit(
  { exit, status }: Ended,
  mails: readonly Mail[],
  refused: ReadonlySet<string>,
  entries: readonly Entry[],
): Violation[] {
  const { employeeId, exitId } = exit;
  const found: Violation[] = [];
  const problem = (rule: Violation['rule'], says: string): void =>
    void found.push({ rule, employeeId, exitId, says });
  if (status?.phase !== 'closed') return [];

  for (const [what, to] of [
    ['notify-manager', addressOf(managerOf(employeeId))],
    ['notify-manager-of-outcome', addressOf(managerOf(employeeId))],
    ['notify-employee', addressOf(employeeId)],
  ] as const) {
    const isSaid = status.steps.some(({ name, state }) => name === what && state === 'done');
    const isTaken = mails.some((mail) => mail.what === what && mail.to === to);
    if (isSaid && !isTaken && !refused.has(to))
      problem('each mail that is said to be sent was taken', `${what} is done, and ${to} has no mail`);
  }

  const entry = entries.find(({ uid }) => uid.includes(exitId));
  for (const to of new Set(mails.flatMap((mail) => (mail.calendar ? [mail.to] : [])))) {
    const invitations = mails.filter((mail) => mail.calendar && mail.to === to);
    const last = invitations.at(-1)!.calendar!;
    if (exit.outcome === 'retained') {
      const isWithdrawn =
        invitations.some(({ calendar }) => calendar!.method === 'CANCEL') || refused.has(to);
      if (!isWithdrawn) problem('no invitation without an interview', `${to} still has an invitation`);
    } else if (last.method === 'REQUEST') {
      const [{ startMs } = { startMs: NaN }] = entriesIn(last.text);
      if (entry?.startMs !== startMs)
        problem(
          'no invitation without an interview',
          `${to} is invited to ${shown(startMs)}, and the calendar has ${shown(entry?.startMs)}`,
        );
    }
  }
  if (exit.outcome === 'retained' && entry)
    problem(
      'no invitation without an interview',
      `the calendar keeps ${entry.uid} at ${shown(entry.startMs)}`,
    );
  return found;
}

const shown = (ms: number | undefined): string =>
  ms === undefined || Number.isNaN(ms) ? 'no entry' : new Date(ms).toISOString();
