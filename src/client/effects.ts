/** What a decision does in each step that it begins, for people. */
import { fill } from '../exit/fill.js';
import type { StepAhead } from '../exit/steps.js';

/** In English. The console has the same members in its language. The other steps say it by their summary. */
export const effectWords = {
  task: 'its owner is asked, and confirms it',
  'restore-access': 'what the hold took is given back',
  'revoke-access': 'now: account inactive, memberships removed',
  'revoke-access-later': 'when {} begins: account inactive, memberships removed',
  'cancel-hr-interview': 'the invitation is withdrawn',
};
type Words = typeof effectWords;

/**
 * @param to.outcome as the reader calls it
 * @param to.day when it takes effect; undefined: at once
 * @returns undefined where the name of the step says it all
 */
export function effectOf(
  { name, system, isTask }: StepAhead,
  { outcome, day }: { outcome: string; day: string | undefined },
  words: Words = effectWords,
): string | undefined {
  if (isTask && system !== undefined) return words.task;
  if (name === 'notify-manager-of-outcome') return outcome;
  if (name === 'revoke-access' && day !== undefined) return fill(words['revoke-access-later'], day);
  return Object.hasOwn(words, name) ? words[name as keyof Words] : undefined;
}
