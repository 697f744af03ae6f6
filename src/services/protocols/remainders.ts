/** What a list had a moment ago, without what EMS has removed since. Where nothing remains, an empty list hides nothing. */

/** How long removals of EMS explain an empty list, in milliseconds. */
const EXPLAINS_MS = 60_000;
const MOST_REMEMBERED = 10_000;

export class Remainders {
  private readonly lists = new Map<string, { ids: Set<string>; atMs: number }>();

  /** The list was seen with these ids. */
  see(list: string, ids: readonly string[]): void {
    if (this.lists.size > MOST_REMEMBERED) this.lists.clear();
    this.lists.set(list, { ids: new Set(ids), atMs: Date.now() });
  }

  /** EMS removes one of them. */
  remove(list: string, id: string): void {
    const remainder = this.lists.get(list);
    if (remainder?.ids.delete(id)) remainder.atMs = Date.now();
  }

  forget(list: string): void {
    this.lists.delete(list);
  }

  /** @returns whether EMS has removed all that was seen */
  isNone(list: string): boolean {
    const remainder = this.lists.get(list);
    return remainder?.ids.size === 0 && Date.now() - remainder.atMs < EXPLAINS_MS;
  }
}
