/** The verdict: one sentence on how the exit ends, and what was observed. */
import type { Ending } from '../decision.js';
import { describeMs } from '../duration.js';
import type { Evidence, How, Span } from './evidence.js';
import type { ExitStatus } from '../status.js';

export function verdictOf(evidence: Omit<Evidence, 'verdict'>, status: ExitStatus | undefined): string {
  const { state, outcome, times, endedBecause, phase } = evidence;
  const because = endedBecause ? ` (${endedBecause.replace(/\.$/, '')})` : '';
  const block = coverage(times.resignationToBlock, 'blocked', 'the resignation');
  switch (state) {
    case 'open': {
      const end =
        times.decisionToEnd &&
        outcome &&
        `${coverage(times.decisionToEnd, verbOf(outcome), turnOf(outcome))}. `;
      const next = status?.awaiting ?? (phase ? `Its phase is ${phase}.` : '');
      return `Open${outcome ? `, ${endings[outcome]}` : ', not yet decided'}: ${phase === 'restoring' || phase === 'revoking' ? end : `${block}. `}${next}`.trim();
    }
    case 'closed':
    case 'cancelled': {
      if (!outcome || !times.decisionToEnd) return `Ended${because}.`;
      const by = evidence.decisions.findLast(({ result }) => result === 'accepted')?.decidedBy;
      const who = by ? `, as decided by ${by}` : '';
      const { decisionToEnd, effectiveToEnd } = times;
      // The day of a decision may have begun before it.
      const isLater = effectiveToEnd !== undefined && effectiveToEnd.from > decisionToEnd.from;
      const [from, since] = isLater
        ? [effectiveToEnd, 'the effective date']
        : [decisionToEnd, turnOf(outcome)];
      const isWhole = times.resignationToBlock.allMs !== undefined;
      const before = isWhole ? '' : ` Until then ${block}.`;
      return `${capital(endings[outcome])}${who}: ${coverage(from, verbOf(outcome), since)}.${before}`;
    }
    case 'terminated':
    case 'timed-out':
      return `Ended from outside${because}: no step ran after that. ${capital(block)}. Blocked access stays blocked until a person gives it back or revokes it by hand.`;
    case 'failed':
      return `Ended before anything was held${because}.`;
  }
}

const endings: Record<Ending, string> = {
  retained: 'retained',
  leaving: 'leaving',
  withdrawn: 'withdrawn by the employee',
  'wrong-person': 'never this person’s resignation',
  cancelled: 'cancelled',
};
const verbOf = (ending: Ending): string => (ending === 'leaving' ? 'revoked' : 'restored');
const turnOf = (ending: Ending): string => (ending === 'cancelled' ? 'the cancellation' : 'the decision');

/** "access was observed blocked on all 3 systems, 0.2 s after the resignation" */
function coverage({ systems, allMs }: Span, verb: string, since: string): string {
  const when = allMs === undefined ? '' : `, ${describeMs(allMs)} after ${since}`;
  const sentences: Record<How, (where: string) => string> = {
    observed: (where) => `access was observed ${verb} on ${where}${when}`,
    'nothing-to-do': (where) => `nothing had to be ${verb} on ${where}`,
    confirmed: (where) => `a person confirmed it ${verb}, which EMS did not observe, on ${where}`,
    'cannot-tell': (where) => `it could not be told whether it is ${verb} on ${where}`,
    skipped: (where) => `an operator skipped it on ${where}`,
    'given-up': (where) => `it was not completed on ${where}, because the decision came first`,
    pending: (where) => `it is not yet observed ${verb} on ${where}`,
  };
  const parts = (Object.keys(sentences) as How[]).flatMap((how) => {
    const those = systems.filter((each) => each.how === how).map(({ system }) => system);
    const isAll = those.length === systems.length && those.length > 1;
    return those.length > 0 ? [sentences[how](isAll ? `all ${those.length} systems` : list(those))] : [];
  });
  return parts.join('; ') || 'nothing is known of any system';
}

const list = (items: readonly string[]): string =>
  items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
