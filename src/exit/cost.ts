/** What a hold on a system costs, for people, before it is made. */
import type { Cost } from './hold-facts.js';

/** @returns a sentence without its full stop; empty where a restore is exact and no token lives on */
export function costOf({ restore, tokensLiveMs }: Cost): string {
  const parts: string[] = [];
  if (restore === 'nothing') parts.push('the system deletes what it suspends, and cannot give it back');
  else if (restore !== 'exact' && 'loses' in restore) parts.push(`a restore loses ${restore.loses}`);
  else if (restore !== 'exact') parts.push(`a restore needs the person: ${restore.needs}`);
  if (tokensLiveMs !== undefined && tokensLiveMs > 0)
    parts.push(`tokens live on for up to ${Math.ceil(tokensLiveMs / 60_000)} minutes`);
  return parts.join('; ');
}
