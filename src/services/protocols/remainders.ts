/**
 * What a list had a moment ago, without what EMS has removed since. Where nothing remains, an empty list hides nothing. Where all the rest
 * remains and nothing took the place, the list is not cut off.
 */

/** How long removals of EMS explain an empty or a shorter list, in milliseconds. */
const EXPLAINS_MS = 60_000;
const MOST_REMEMBERED = 10_000;

interface Remainder {
  /** The list before EMS removed any. */
  first: Set<string>;
  /** Of these, what EMS has removed. A list that was asked for before may show it still. */
  removed: Set<string>;
  /** The latest list, without what EMS has removed since. */
  left: Set<string>;
  /** Whether the latest list is shorter than the first one, and lacks nothing else. */
  isRest: boolean;
  /** When it was seen first, or EMS last removed one of them. */
  atMs: number;
}

export class Remainders {
  private readonly lists = new Map<string, Remainder>();

  /** The list was seen with these ids. */
  see(list: string, ids: readonly string[]): void {
    if (this.lists.size > MOST_REMEMBERED) this.lists.clear();
    const now = new Set(ids);
    const before = this.recent(list);
    const isLess =
      before !== undefined &&
      ids.every((id) => before.first.has(id)) &&
      [...before.first].every((id) => now.has(id) || before.removed.has(id));
    if (isLess) Object.assign(before, { left: now, isRest: now.size < before.first.size });
    else
      this.lists.set(list, {
        first: new Set(ids),
        removed: new Set(),
        left: now,
        isRest: false,
        atMs: Date.now(),
      });
  }

  /** EMS removes one of them. */
  remove(list: string, id: string): void {
    const remainder = this.lists.get(list);
    if (!remainder?.first.has(id)) return;
    remainder.removed.add(id);
    remainder.left.delete(id);
    remainder.atMs = Date.now();
  }

  forget(list: string): void {
    this.lists.delete(list);
  }

  /** @returns whether EMS has removed all that was seen */
  isNone(list: string): boolean {
    return this.recent(list)?.left.size === 0;
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
