/** Judges one hold by the looks at its account: what EMS said has to have been so, and the end has to be right. */
import type { ExitStatus } from '../../src/exit/status.js';
import type { Act, Look } from './accounts.js';
import { CRITICAL, initialOn, type State, type System } from './company.js';
import type { ChaosExit } from './exits.js';
import type { Rule } from './violation.js';

/** Between an answer of a server and the note of it here. */
const SLACK_MS = 250;

interface Span extends State {
  from: number;
  until: number;
  act?: Act;
}

interface Held {
  exit: ChaosExit;
  status: ExitStatus;
  system: System;
  looks: readonly Look[];
  /** How the account is in the end. */
  final: State;
}

export function judgeAccount({ exit, status, system, looks, final }: Held): [Rule, string][] {
  const found: [Rule, string][] = [];
  const initial = initialOn(system);
  const spans = spansOf(initial, looks);
  const said = (name: string): number | undefined => {
    const step = status.steps.find((each) => each.name === name && each.system === system);
    return step?.state === 'done' ? Date.parse(step.finishedAt!) + SLACK_MS : undefined;
  };
  const wasSo = (from: number, until: number, isSo: (span: Span) => boolean): boolean =>
    spans.some((span) => span.from <= until && span.until >= from && isSo(span));
  const isBlocked = ({ active, groups }: State): boolean =>
    system === 'production' ? !groups.some((name) => CRITICAL.includes(name)) : !active;
  const asked = exit.askedMs ?? Infinity;
  const story = `${system} was ${JSON.stringify(spans.map(shown))}, in the end ${JSON.stringify(final)}`;
  const at = (ms: number): string => new Date(ms - SLACK_MS).toISOString();

  const blockedAt = said('block-access');
  if (blockedAt !== undefined && !wasSo(exit.openedMs - 60_000, blockedAt, isBlocked))
    found.push(['blocked is true when it is said', `said at ${at(blockedAt)}: ${story}`]);

  // What EMS changes before the decision is the block, and nothing else.
  for (const [i, span] of spans.entries()) {
    const before = spans[i - 1];
    if (!before || span.act || span.from >= asked) continue;
    // Two changes at one time cannot be told apart.
    if (looks.some(({ act, atMs }) => act && Math.abs(atMs - span.from) < 2 * SLACK_MS)) continue;
    const lost = before.groups.filter((name) => !span.groups.includes(name));
    const isRight =
      system === 'production'
        ? span.active === before.active && lost.every((name) => CRITICAL.includes(name))
        : lost.length === 0 && !(span.active && !before.active);
    const got = span.groups.filter((name) => !before.groups.includes(name));
    if (!isRight || got.length > 0)
      found.push(['no hold takes or gives back a thing too many', `before the decision: ${story}`]);
  }

  const goal = exit.outcome === 'retained' ? 'restore-access' : 'revoke-access';
  if (status.phase === 'closed' && said(goal) === undefined)
    found.push(['every accepted decision is carried out', `it is closed, and ${goal} is not done: ${story}`]);

  const restoredAt = said('restore-access');
  if (restoredAt !== undefined) {
    const isRestored = (span: Span): boolean => isSame(span, withActs(initial, looks, span.until));
    if (!wasSo(asked, restoredAt, isRestored))
      found.push(['restored is true when it is said', `said at ${at(restoredAt)}: ${story}`]);
    if (!isSame(final, withActs(initial, looks, Infinity)))
      found.push(['no hold takes or gives back a thing too many', story]);
  }

  const revokedAt = said('revoke-access');
  if (revokedAt !== undefined) {
    const isRevoked = ({ active, groups }: State): boolean => !active && groups.length === 0;
    const revoked = spans.findLast(
      (span) => span.from <= revokedAt && span.until >= asked && isRevoked(span),
    );
    if (!revoked) found.push(['revoked is true when it is said', `said at ${at(revokedAt)}: ${story}`]);
    else {
      const later = looks.filter(({ atMs }) => atMs > revoked.from);
      if (!isSame(final, withActs({ active: false, groups: [] }, later, Infinity)))
        found.push(['no hold takes or gives back a thing too many', `after the revocation: ${story}`]);
    }
  }
  return found;
}

function spansOf(initial: State, looks: readonly Look[]): Span[] {
  const times = [0, ...looks.map(({ atMs }) => atMs)];
  return [initial, ...looks].map((state, i) => ({
    ...state,
    from: times[i]!,
    until: times[i + 1] ?? Infinity,
  }));
}

/** What the administrator has made of a state until then. */
function withActs(state: State, looks: readonly Look[], until: number): State {
  let { active, groups } = state;
  for (const { act, atMs } of looks) {
    if (!act || atMs >= until) continue;
    active = act.active ?? active;
    groups = [
      ...groups.filter((name) => name !== act.remove && name !== act.add),
      ...(act.add ? [act.add] : []),
    ];
  }
  return { active, groups };
}

const isSame = (one: State, other: State): boolean =>
  one.active === other.active && one.groups.toSorted().join() === other.groups.toSorted().join();

const shown = ({ from, active, groups, act }: Span) => ({
  at: from === 0 ? 'first' : new Date(from).toISOString(),
  ...{ active, groups },
  ...(act && { act }),
});
