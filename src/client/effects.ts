import type { Decision } from '../exit/decision.js';
import { stepKey } from '../exit/status.js';
import type { StepAhead } from '../exit/steps.js';

export type Effect = [step: string, what: string];

/** The steps that a decision would begin, in the order of the exit's table of steps. */
export const effectsOf = (
  decision: Decision,
  setsOff: readonly StepAhead[],
  effectiveDay: string | undefined,
): Effect[] =>
  setsOff.map(({ name, system, isTask, summary }) => [
    stepKey({ name, system }),
    isTask && system !== undefined
      ? 'its owner is asked, and confirms it'
      : (details[name]?.(decision, effectiveDay) ?? summary),
  ]);

/** Texts that say more than the summary of the step. */
const details: Partial<Record<string, (decision: Decision, effectiveDay: string | undefined) => string>> = {
  'restore-access': () => 'what the hold took is given back',
  'revoke-access': (_, effectiveDay) =>
    `${effectiveDay ? `when ${effectiveDay} begins` : 'now'}: account inactive, memberships removed`,
  'cancel-hr-interview': () => 'the invitation is withdrawn',
  'notify-manager-of-outcome': ({ outcome }) => outcome,
};
