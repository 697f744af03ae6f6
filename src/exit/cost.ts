/** What a hold on a system costs, for people, before it is made. */
import { fill } from './fill.js';
import type { Cost } from './hold-facts.js';

/** In English. The console has the same members in its language. */
export const costWords = {
  exact: 'a restore is exact',
  shown: 'a restore gives back what the system shows, which may not be all',
  nothing: 'the system deletes what it suspends, and cannot give it back',
  loses: 'a restore loses {}',
  needs: 'a restore needs the person: {}',
  tokens: 'tokens live on for up to {} minutes',
  tokensUnknown: 'how long tokens live on is not known',
};
type Words = typeof costWords;

/** @returns a sentence without its full stop; empty where no loss and no token is known to live on */
export const costOf = (cost: Cost): string =>
  joined(isLoss(cost) && restoreOf(cost, costWords), tokensOf(cost, costWords));

/** @returns the same, which also says what is exact and what is not known */
export const fullCostOf = (cost: Cost, words: Words = costWords): string =>
  joined(cost.doubt, restoreOf(cost, words), tokensOf(cost, words) ?? words.tokensUnknown);

const joined = (...parts: (string | false | undefined)[]): string => parts.filter(Boolean).join('; ');

const isLoss = ({ restore }: Cost): boolean => restore !== 'exact' && restore !== 'shown';

function restoreOf({ restore }: Cost, words: Words): string {
  if (typeof restore === 'string') return words[restore];
  return 'loses' in restore ? fill(words.loses, restore.loses) : fill(words.needs, restore.needs);
}

/** @returns undefined where it is not known */
function tokensOf({ tokensLiveMs }: Cost, { tokens }: Words): string | undefined {
  if (tokensLiveMs === undefined) return undefined;
  return tokensLiveMs > 0 ? fill(tokens, Math.ceil(tokensLiveMs / 60_000)) : '';
}
