/** What a hold takes, for people. */
import { fill } from './fill.js';
import type { HoldKind } from './hold-facts.js';

/** In English. The console has the same members in its language. */
export const holdWords = { suspend: 'suspend the account', groups: 'take {}' };

export const holdOf = (hold: HoldKind, words: typeof holdWords = holdWords): string =>
  hold.kind === 'suspend' ? words.suspend : fill(words.groups, hold.groups.join(', '));
