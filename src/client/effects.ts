import type { Decision } from '../exit/decision.js';
import { stepKey, type ExitStatus } from '../exit/status.js';

/** A step, and what it would do. */
export type Effect = [step: string, what: string];

/** What a decision would set off. */
export function effectsOf({ outcome, effectiveOn }: Decision, { steps, interview }: ExitStatus): Effect[] {
  const isAhead = interview !== undefined && Date.parse(interview.start) > Date.now();
  const when = effectiveOn ? `on ${effectiveOn}` : 'now';
  const [name, what] =
    outcome === 'leaving'
      ? ['revoke-access', `${when}: account inactive, memberships removed`]
      : ['restore-access', 'what the hold took is given back'];
  const blocks = steps.filter((step) => step.name === 'block-access');
  return [
    ...blocks.map(({ system }): Effect => [stepKey({ name, system }), what]),
    ...(outcome === 'retained' && isAhead
      ? [['cancel-hr-interview', 'the invitation is withdrawn'] satisfies Effect]
      : []),
    ['notify-manager-of-outcome', outcome],
  ];
}
