/** What a status says of its steps as a whole. */
import type { Contact } from './people.js';
import { isSettled, stepKey, type Phase, type Step } from './status.js';

/** When every critical system had been observed blocked, or was settled by hand. */
export function blockedAtOf(steps: readonly Step[]): string | undefined {
  const blocks = steps.filter(({ name }) => name === 'block-access');
  const isBlocked = blocks.every(({ state }) => state === 'done' || state === 'done-by-hand');
  const times = blocks.map(({ finishedAt }) => finishedAt!);
  return isBlocked ? times.toSorted().at(-1) : undefined;
}

interface Standing {
  phase: Phase;
  steps: readonly Step[];
  /** Whether the exit stays open for a step. */
  gates: (name: string) => boolean;
  /** Whom the decision is awaited from; known once anything is awaited. */
  hrPartner: Contact | undefined;
  effectiveOn: string | undefined;
  /** The moment at which that day begins, ISO 8601 in UTC. */
  effectiveAt?: string | undefined;
  /** When the decision is overdue. */
  reviewBy?: string | undefined;
}

/** One sentence: what happens next, and who is waited for. */
export function awaitingOf({
  phase,
  steps,
  gates,
  hrPartner,
  effectiveOn,
  effectiveAt,
  reviewBy,
}: Standing): string {
  const stuck = steps.filter(({ state }) => state === 'needs-attention').map(stepKey);
  const operator = stuck.length > 0 ? ` An operator is to look at ${stuck.join(', ')}.` : '';
  switch (phase) {
    case 'starting':
      return `Access is being blocked, the manager told and the interview arranged.${operator}`;
    case 'awaiting-decision':
      return `${hrPartner?.name} (${hrPartner?.email}) is to decide${reviewBy ? ` by ${reviewBy}` : ''}: retained or leaving.${operator}`;
    case 'awaiting-effective-date':
      return `Access stays blocked and is revoked on ${effectiveOn}${effectiveAt ? `, at ${effectiveAt}` : ''}, unless the employee is retained before.${operator}`;
    case 'restoring':
      return `${endingOf('restore-access', steps, 'given back', gates)}${operator}`;
    case 'revoking':
      return `${endingOf('revoke-access', steps, 'revoked', gates)}${operator}`;
    case 'closed':
    case 'cancelled':
    case 'failed':
      return 'Nothing: the exit is over.';
  }
}

function endingOf(name: string, steps: readonly Step[], verb: string, gates: Standing['gates']): string {
  const isAccess = (step: Step): boolean => step.name === name;
  if (!steps.filter(isAccess).every(isSettled)) return `Access is being ${verb}.`;
  const left = steps.filter((step) => !isSettled(step) && gates(step.name)).map(stepKey);
  return `Access is ${verb}; what is left: ${left.join(', ')}.`;
}
