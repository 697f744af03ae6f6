/** Exits and steps as rows of a page. */
import type { ListedExitOfForm } from '../client/application.js';
import { effectiveDayOf } from '../exit/decision.js';
import { fill } from '../exit/fill.js';
import type { Employee } from '../exit/people.js';
import {
  isSettled,
  isStuck,
  stepKey,
  type ExitStatus,
  type Step,
  isInterviewWithdrawn,
} from '../exit/status.js';
import type { Texts } from './texts-en.js';

export interface ExitRow {
  exitId: string;
  employeeId: string;
  name: string | undefined;
  form: string;
  phase: ListedExitOfForm['phase'];
  outcome: string | undefined;
  needsAttention: boolean;
  awaited: string;
  due: { what: 'decision' | 'overdue' | 'lastWorkingDay' | 'closed'; at: string } | undefined;
  openedAt: string;
  closedAt: string | undefined;
}

/** @param employees those that the directory has told about */
export function rowOf(
  exit: ListedExitOfForm,
  employees: ReadonlyMap<string, Employee | undefined>,
  { awaited }: Texts,
): ExitRow {
  const { exitId, employeeId, form, phase, outcome, needsAttention, openedAt, closedAt } = exit;
  return {
    ...{ exitId, employeeId, form, phase, outcome, needsAttention, openedAt, closedAt },
    name: employees.get(employeeId)?.displayName,
    awaited: [needsAttention ? awaited.operator : '', awaitedIn(exit, awaited)].filter(Boolean).join(', '),
    due: dueOf(exit),
  };
}

function awaitedIn({ phase, needsAttention }: ListedExitOfForm, texts: Texts['awaited']): string {
  switch (phase) {
    case 'awaiting-decision':
      return texts.hr;
    case 'awaiting-confirmation':
      return texts.second;
    case 'awaiting-effective-date':
      return texts.date;
    case 'starting':
    case 'restoring':
    case 'revoking':
      return needsAttention ? '' : texts.ems;
    case 'closed':
    case 'cancelled':
    case 'failed':
    case 'terminated':
    case 'timed-out':
    case 'dead-lettered':
      return needsAttention ? '' : texts.none;
  }
}

function dueOf({ reviewBy, lastWorkingDay, closedAt }: ListedExitOfForm): ExitRow['due'] {
  if (closedAt !== undefined) return { what: 'closed', at: closedAt };
  if (reviewBy !== undefined)
    return { what: Date.parse(reviewBy) < Date.now() ? 'overdue' : 'decision', at: reviewBy };
  return lastWorkingDay === undefined ? undefined : { what: 'lastWorkingDay', at: lastWorkingDay };
}

const isAccess = ({ name }: Step): boolean => /^(block|restore|revoke)-access$/.test(name);

/** The members of a page about one exit. */
export function exitView(status: ExitStatus, texts: Texts) {
  const { steps: labels } = texts;
  const rows = status.steps.map((step) => ({
    ...step,
    key: stepKey(step),
    label: Object.hasOwn(labels, step.name) ? labels[step.name] : step.name,
    isStuck: isStuck(step),
  }));
  return {
    status,
    next: nextIn(status, rows, texts.next),
    isOpen: status.closedAt === undefined,
    isInterviewWithdrawn: isInterviewWithdrawn(status),
    waiting: status.proposals
      .filter(({ state }) => state === 'open')
      .map((proposal) => ({
        ...proposal,
        effectiveOn: proposal.decision && effectiveDayOf(proposal.decision, status),
      })),
    ended: status.proposals.filter(({ state }) => state !== 'open'),
    isUndecided: [
      'starting',
      'awaiting-decision',
      'awaiting-confirmation',
      'awaiting-effective-date',
    ].includes(status.phase),
    access: rows.filter(isAccess),
    other: rows.filter((step) => !isAccess(step)),
    stuck: rows.filter(({ isStuck }) => isStuck),
  };
}

interface LabelledStep extends Step {
  label: string | undefined;
}

/** What happens next: sentences with the instants in UTC, as `status.awaiting` has them in English. */
function nextIn(status: ExitStatus, steps: readonly LabelledStep[], texts: Texts['next']): string[] {
  const nameOf = ({ label, system }: LabelledStep): string => [label, system].filter(Boolean).join(' · ');
  const named = (sentence: string, of: readonly LabelledStep[]): string[] =>
    of.length === 0 ? [] : [fill(sentence, of.map(nameOf).join(', '))];
  const { phase, decider, reviewBy, effectiveAt, closedAt } = status;
  const isUndecided = phase === 'awaiting-decision' || phase === 'awaiting-confirmation';
  const filled = (sentence: string, value: string | undefined): string[] =>
    value === undefined ? [] : [fill(sentence, value)];
  const isEnding = phase === 'restoring' || phase === 'revoking';
  const isAccessDone = steps.filter(isAccess).every(isSettled);
  const left = steps.filter(({ state }) => state === 'running');
  return [
    texts.phases[phase],
    ...filled(texts.decider, decider && `${decider.name} (${decider.email})`),
    ...(isUndecided ? filled(texts.due, reviewBy) : []),
    ...(phase === 'awaiting-effective-date' ? filled(texts.at, effectiveAt) : []),
    ...(isEnding && isAccessDone ? named(texts.left, left) : []),
    ...(closedAt === undefined ? named(texts.operator, steps.filter(isStuck)) : []),
  ];
}
