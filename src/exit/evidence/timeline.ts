/** The timeline: one line for each fact, in order. */
import { describeActor } from '../asker.js';
import type { DecisionRecord, Moment } from './evidence.js';
import type { Fact, FactOf } from './facts.js';
import { activityOf, isNothing, type AccountRef, type GroupRef, type Taken } from '../hold-facts.js';
import { standInOf } from '../stand-in.js';
import { keyOfStep } from '../status.js';

type Kind = Fact['kind'];

/** A kind without an entry gets no line. */
const lines: { [K in Kind]?: (fact: FactOf<K>) => string | undefined } = {
  opened: ({ resignation: { submittedBy, asker, askedAt, confirmedBy, confirmer } = {} }) =>
    [
      'Resignation received',
      ...(submittedBy
        ? [`handed in by ${describeActor(submittedBy, asker)}${askedAt ? ` at ${askedAt}` : ''}`]
        : []),
      ...(confirmedBy ? [`confirmed by ${describeActor(confirmedBy, confirmer)}`] : []),
    ].join(', '),
  'employee-known': ({ employee: { displayName, manager } }) =>
    `Directory: ${displayName}; ${manager.insteadOfManager ? `${standInOf(manager.insteadOfManager)}, so ${manager.name} is told` : `manager ${manager.name}`}`,
  captured: ({ system, capture: { accounts, unfound } }) => {
    const seen = accounts.map(
      ({ userName, active, groups }) => `${userName}, ${activityOf(active)}${groupsOf(groups, ', in ')}`,
    );
    const found = seen.length > 0 ? `captured ${seen.join('; ')}` : `no account${unfound ? ' found' : ''}`;
    return `${system}: ${found}${unfound ? `; ${unfound.error}` : ''}`;
  },
  blocked: ({ system, accounts, blocked: { taken, uncaptured } }) =>
    `${system}: ${namesOf(accounts)}${uncaptured.length > 0 ? 'blocked in part' : 'observed blocked'}; ${describeTaken(taken, 'taken')}${uncaptured.length > 0 ? '; uncaptured memberships are captured and blocked next' : ''}`,
  drifted: ({ system, what }) => `${system}: drift, ${what}`,
  restored: ({ system, accounts, restored: { givenBack } }) =>
    `${system}: ${namesOf(accounts)}observed restored; ${describeTaken(givenBack, 'given back')}`,
  revoked: ({ system, revoked: { removedGroups, accounts, notes } }) =>
    accounts?.length === 0
      ? `${system}: ${notes.join('; ')}`
      : `${system}: observed revoked${groupsOf(removedGroups, '; removed from ')}`,
  'mail-accepted': ({ mail, to }) => `Mail to ${to} accepted (${words(mail)})`,
  amended: ({ amendment: { lastWorkingDay, effectiveOn, by, asker } }) =>
    `Amended by ${describeActor(by, asker)}: ${[lastWorkingDay && `last working day ${lastWorkingDay}`, effectiveOn && `takes effect on ${effectiveOn}`].filter(Boolean).join(', ')}`,
  'proposal-rejected': ({ rejection: { number, by, asker } }) =>
    `Proposal ${number} ended by ${describeActor(by, asker)}`,
  'handed-over': ({ handOver: { to, by, asker } }) =>
    `Handed over to ${to.name} (${to.email}) by ${describeActor(by, asker)}`,
  'rescheduling-requested': ({ request: { at, by, asker } }) =>
    `Interview: ${at ? new Date(at).toISOString() : 'the next free time'} requested${by ? ` by ${describeActor(by, asker)}` : ''}`,
  invited: ({ interview: { start, sequence } }) => `Interview invited for ${start}, SEQUENCE ${sequence}`,
  'interview-withdrawn': () => 'Interview withdrawn',
  'step-resolved': ({ resolution, result }) =>
    `${keyOfStep(resolution)}: ${resolution.action} by ${describeActor(resolution.by, resolution.asker)}${'ok' in result ? '' : `, refused: ${result.refused}`}`,
  attention: ({ step, why }) => `${step ?? 'A step'} needs attention: ${why}`,
  'attention-over': () => 'No step needs attention any more',
  // `opened` and `ended` have lines for these phases.
  phase: ({ phase }) => (['starting', 'closed', 'cancelled'].includes(phase) ? undefined : `Phase: ${phase}`),
  'cancel-requested': () => 'Cancellation requested',
  reset: ({ from }) => `Reset: this run replaces the run ${from} and continues its work`,
  ended: ({ how, why }) => `Ended: ${how}${why ? `, ${why}` : ''}`,
};

export function timelineOf(facts: readonly Fact[], decisions: readonly DecisionRecord[]): Moment[] {
  const moments = facts.flatMap((fact): Moment[] => {
    const what = (lines[fact.kind] as ((fact: Fact) => string | undefined) | undefined)?.(fact);
    return what === undefined ? [] : [{ at: fact.at, what, earlierRun: fact.earlierRun }];
  });
  const decided = decisions.map(({ at, earlierRun, ...decision }) => ({
    at,
    what: describeDecision(decision),
    earlierRun,
  }));
  // In a stream a decision and the change of phase have the same time; the decision comes first.
  return [...decided, ...moments].toSorted((a, b) => a.at.localeCompare(b.at));
}

function describeDecision({
  outcome,
  decidedBy,
  asker,
  effectiveOn,
  result,
  reason,
  name,
}: Omit<DecisionRecord, 'at'>): string {
  const what = outcome ? `Decision "${outcome}"${effectiveOn ? ` from ${effectiveOn}` : ''}` : `"${name}"`;
  const by = decidedBy ? ` by ${describeActor(decidedBy, asker)}` : '';
  return `${what}${by}: ${result === 'unknown' ? 'it is not known whether it was accepted' : result}${reason ? `, ${reason}` : ''}`;
}

/** "nora@acme.example, adm-nora " */
const namesOf = (accounts: readonly AccountRef[] = []): string =>
  accounts.length > 0 ? `${accounts.map(({ userName }) => userName).join(', ')} ` : '';

/** "taken: activation, production-admins" */
function describeTaken(taken: Taken, verb: string): string {
  if (isNothing(taken)) return `nothing ${verb}`;
  return `${verb}: ${[...(taken.suspended ? ['activation'] : []), ...taken.groups.map(({ displayName }) => displayName)].join(', ')}`;
}

/** `notifyManagerOfOutcome` → "notify manager of outcome" */
export const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

const groupsOf = (groups: readonly GroupRef[], prefix: string): string =>
  groups.length > 0 ? prefix + groups.map(({ displayName }) => displayName).join(', ') : '';
