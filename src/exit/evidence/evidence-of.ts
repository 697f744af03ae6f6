/** Derives the evidence of an exit from its facts. Pure. */
import type { Dates } from '../amendment.js';
import type { Ending } from '../decision.js';
import { decisionsOf } from './decisions.js';
import { systemsOf } from './systems.js';
import { timelineOf } from './timeline.js';
import type { AttentionRecord, DecisionRecord, Evidence, InterviewRecord, Source, Span } from './evidence.js';
import type { Fact, FactOf } from './facts.js';
import { keyOfStep, stepKey, type ExitStatus, isStuck } from '../status.js';
import type { Rescheduling } from '../rescheduling.js';
import type { Resignation } from '../resignation.js';
import { verdictOf } from './verdict.js';

interface Findings {
  employeeId: string;
  /** In the order of their times. */
  facts: readonly Fact[];
  form: ExitStatus['form'];
  /** The exit's own answer; without it the evidence comes from the facts alone. */
  status?: ExitStatus | undefined;
  /** One sentence for each part of the record that could not be read. */
  missing: readonly string[];
  source: Source;
}

export function evidenceOf({ employeeId, facts, form, status, missing, source }: Findings): Evidence {
  const { all, last } = selecting(facts);
  const opened = all('opened')[0]!;
  const { resignation } = opened;
  const ended = all('ended').findLast(({ earlierRun }) => !earlierRun);
  const decisions = decisionsOf(all('decision-received'), status);
  const standing = decisions.findLast(({ result }) => result === 'accepted');
  const cancelled = standing ? undefined : all('cancel-requested').findLast(({ earlierRun }) => !earlierRun);
  const outcome: Ending | undefined = standing?.outcome ?? (cancelled && 'cancelled');
  const turn = standing ?? cancelled;
  const stuck = (status?.steps ?? []).filter(isStuck).map(stepKey);
  const systems = systemsOf(facts, outcome, stuck);
  const amendments = amendmentsOf(all('amended'), resignation, decisions);
  const employee = last('employee-known')?.employee;
  const effective = standing?.outcome === 'leaving' ? last('effective-from')?.instant : undefined;
  const ends = systems.map(({ system, end }) => ({
    system,
    how: end?.how ?? ('pending' as const),
    at: end?.at,
  }));

  const evidence: Omit<Evidence, 'verdict'> = {
    times: {
      resignationToBlock: spanOf(
        opened.at,
        systems.map(({ system, block }) => ({ system, ...block })),
      ),
      decisionToEnd: turn && spanOf(turn.at, ends),
      effectiveToEnd: effective === undefined ? undefined : spanOf(effective, ends),
    },
    employee: {
      employeeId,
      name: employee?.displayName ?? status?.employeeName,
      manager: employee?.manager,
    },
    exitId: opened.exitId,
    form,
    state: ended?.how ?? 'open',
    phase: status?.phase ?? last('phase')?.phase,
    outcome,
    openedAt: opened.at,
    openedBy: opened.identity,
    closedAt: ended?.at,
    endedBecause: ended?.why,
    lastWorkingDay:
      amendments.findLast(({ after }) => after.lastWorkingDay)?.after.lastWorkingDay ??
      resignation?.lastWorkingDay,
    reason: resignation?.reason,
    submittedBy: resignation?.submittedBy,
    overrideBy: resignation?.overrideBy,
    asker: resignation?.asker,
    confirmedBy: resignation?.confirmedBy,
    confirmer: resignation?.confirmer,
    askedAt: resignation?.askedAt,
    decisions,
    amendments,
    handOvers: all('handed-over').map(({ at, earlierRun, handOver: { to, by, asker } }) => ({
      ...{ at, earlierRun, to, by, asker },
    })),
    proposals: status?.proposals ?? [],
    systems,
    mails: all('mail-accepted').map((fact) => {
      const { kind: _, ...mail } = fact;
      return mail;
    }),
    interview: interviewOf(facts),
    resolutions: all('step-resolved').map(({ at, resolution, identity, result, earlierRun }) => ({
      at,
      step: keyOfStep(resolution),
      action: resolution.action,
      by: resolution.by,
      asker: resolution.asker,
      evidence: resolution.evidence,
      identity,
      result: 'ok' in result ? result.ok : `refused: ${result.refused}`,
      earlierRun,
    })),
    attention: attentionOf(facts, status),
    cancelRequests: all('cancel-requested').map(({ at, identity, reason }) => ({ at, identity, reason })),
    resets: all('reset').map(({ at, from, identity, reason }) => ({ at, from, identity, reason })),
    timeline: timelineOf(facts, decisions),
    missing: [
      ...missing,
      ...(decisions.some(({ result }) => result === 'unknown')
        ? [
            'Only the exit knows whether it accepted a decision that was sent as a signal, and it did not answer.',
          ]
        : []),
      ...(ended ? [] : ['The exit is open: the report ends at the time it was read.']),
    ],
    source,
  };
  return { verdict: verdictOf(evidence, status), ...evidence };
}

/** Before and after follow from the order. */
function amendmentsOf(
  facts: readonly FactOf<'amended'>[],
  resignation: Resignation | undefined,
  decisions: readonly DecisionRecord[],
): Evidence['amendments'] {
  let dates: Dates = { lastWorkingDay: resignation?.lastWorkingDay };
  return facts.map(({ at, earlierRun, amendment }) => {
    const decision = decisions.findLast(
      (each) => each.at <= at && each.outcome === 'leaving' && each.result !== 'refused',
    );
    const before: Dates = { ...dates, effectiveOn: dates.effectiveOn ?? decision?.effectiveOn };
    const {
      by,
      asker,
      note,
      lastWorkingDay = before.lastWorkingDay,
      effectiveOn = before.effectiveOn,
    } = amendment;
    dates = { lastWorkingDay, effectiveOn };
    return { at, earlierRun, by, asker, note, before, after: dates };
  });
}

function selecting(facts: readonly Fact[]) {
  const all = <K extends Fact['kind']>(kind: K) =>
    facts.filter((fact): fact is FactOf<K> => fact.kind === kind);
  return { all, last: <K extends Fact['kind']>(kind: K) => all(kind).at(-1) };
}

function spanOf(
  from: string,
  ends: { system: string; how: Span['systems'][number]['how']; at?: string | undefined }[],
): Span {
  const systems = ends.map(({ system, how, at }) => ({
    system,
    how,
    ms: how === 'observed' && at !== undefined ? Date.parse(at) - Date.parse(from) : undefined,
  }));
  const observed = systems.flatMap(({ ms }) => ms ?? []);
  const isWhole = systems.every(({ how }) => how === 'observed' || how === 'nothing-to-do');
  return { from, allMs: isWhole && observed.length > 0 ? Math.max(...observed) : undefined, systems };
}

function interviewOf(facts: readonly Fact[]): InterviewRecord[] {
  const records: InterviewRecord[] = [];
  let asked: Pick<Rescheduling, 'by' | 'asker'> = {};
  for (const fact of facts) {
    if (fact.kind === 'rescheduling-requested') asked = fact.request;
    if (fact.kind !== 'invited' && fact.kind !== 'interview-withdrawn') continue;
    const { at, earlierRun, interview } = fact;
    const isFirst = !records.some(({ sequence }) => sequence !== interview?.sequence);
    records.push({
      at,
      what: fact.kind === 'interview-withdrawn' ? 'withdrawn' : isFirst ? 'invited' : 'rescheduled',
      ...(fact.kind === 'invited' && { askedBy: asked.by, asker: asked.asker }),
      uid: interview?.uid,
      sequence: fact.kind === 'interview-withdrawn' ? fact.sequence : interview?.sequence,
      start: interview?.start,
      end: interview?.end,
      attendees: interview?.attendees.map(({ email }) => email) ?? [],
      inCalendar: interview?.calendarUrl !== undefined,
      earlierRun,
    });
  }
  return records;
}

function attentionOf(facts: readonly Fact[], status: ExitStatus | undefined): AttentionRecord[] {
  const records = facts.flatMap((fact, i): AttentionRecord[] => {
    if (fact.kind !== 'attention') return [];
    const over = facts
      .slice(i + 1)
      .find(
        (later) =>
          later.kind === 'attention-over' || (fact.step !== undefined && ends(later, fact, fact.step)),
      );
    return [{ at: fact.at, step: fact.step, why: fact.why, until: over?.at }];
  });
  // A step can need attention without a failed service, such as after a drift: only the status has it.
  for (const step of status?.steps ?? []) {
    if (!isStuck(step) || records.some((each) => each.step === stepKey(step) && !each.until)) continue;
    records.push({ at: step.startedAt ?? status!.openedAt, step: stepKey(step), why: step.error ?? '' });
  }
  return records;
}

/** What is done for one account of the employee ends no attention to another one. */
const ends = (fact: Fact, { account }: FactOf<'attention'>, step: string): boolean =>
  (fact.kind === 'step-done' &&
    fact.step === step &&
    (!account || !fact.account || fact.account === account)) ||
  (fact.kind === 'step-resolved' &&
    fact.resolution.action !== 'retry' &&
    keyOfStep(fact.resolution) === step);
