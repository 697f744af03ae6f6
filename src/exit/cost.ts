/** What a hold on a system costs, for people, before it is made. */
import type { Cost } from './hold-facts.js';

/** @returns a sentence without its full stop; empty where no loss and no token is known to live on */
export const costOf = (cost: Cost): string => joined(lossOf(cost), tokensOf(cost));

/** @returns the same, which also says what is exact and what is not known */
export const fullCostOf = (cost: Cost): string =>
  joined(
    cost.doubt,
    lossOf(cost) ||
      (cost.restore === 'exact'
        ? 'a restore is exact'
        : 'a restore gives back what the system shows, which may not be all'),
    tokensOf(cost) ?? 'how long tokens live on is not known',
  );

const joined = (...parts: (string | undefined)[]): string => parts.filter(Boolean).join('; ');

function lossOf({ restore }: Cost): string {
  if (restore === 'exact' || restore === 'shown') return '';
  if (restore === 'nothing') return 'the system deletes what it suspends, and cannot give it back';
  return 'loses' in restore
    ? `a restore loses ${restore.loses}`
    : `a restore needs the person: ${restore.needs}`;
}

/** @returns undefined where it is not known */
function tokensOf({ tokensLiveMs }: Cost): string | undefined {
  if (tokensLiveMs === undefined) return undefined;
  return tokensLiveMs > 0 ? `tokens live on for up to ${Math.ceil(tokensLiveMs / 60_000)} minutes` : '';
}
