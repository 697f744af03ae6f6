/**
 * What a list had a moment ago, without what EMS has removed since. Where nothing remains, an empty list hides nothing. Where all the rest
 * remains and nothing took the place, the list is not cut off.
 */

import { isDeepStrictEqual } from 'node:util';

/** How long removals of EMS explain an empty or a shorter list, in milliseconds. */
const EXPLAINS_MS = 60_000;
const MOST_REMEMBERED = 10_000;

interface Remainder {
  ids: Set<string>;
  /** When it was seen, or EMS last removed one of them. */
  atMs: number;
  /** EMS has removed some. */
  isLess: boolean;
  /** It was seen since, and has lost these alone. */
  isRest: boolean;
}

export class Remainders {
  private readonly lists = new Map<string, Remainder>();

  /** The list was seen with these ids. */
  see(list: string, ids: readonly string[]): void {
    if (this.lists.size > MOST_REMEMBERED) this.lists.clear();
    const now = new Set(ids);
    const before = this.recent(list);
    const isRest = before?.isLess === true && isDeepStrictEqual(before.ids, now);
    this.lists.set(list, { ids: now, atMs: isRest ? before.atMs : Date.now(), isLess: isRest, isRest });
  }

  /** EMS removes one of them. */
  remove(list: string, id: string): void {
    const remainder = this.lists.get(list);
    if (remainder?.ids.delete(id))
      Object.assign(remainder, { atMs: Date.now(), isLess: true, isRest: false });
  }

  forget(list: string): void {
    this.lists.delete(list);
  }

  /** @returns whether EMS has removed all that was seen */
  isNone(list: string): boolean {
    const { ids, isLess = false } = this.recent(list) ?? {};
    return isLess && ids?.size === 0;
  }

  /** @returns whether the list was seen to have lost what EMS has removed, and to be the same otherwise */
  isRest(list: string): boolean {
    return this.recent(list)?.isRest === true;
  }

  private recent(list: string): Remainder | undefined {
    const remainder = this.lists.get(list);
    return remainder && Date.now() - remainder.atMs < EXPLAINS_MS ? remainder : undefined;
  }
}
