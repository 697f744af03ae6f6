/** The outage of a few groups among many: it keeps none of the others from being written. */
import { FinalFailure } from '../../exit/failures.js';
import { RetryAfter } from '../protocols/retry-after.js';
import type { Watched } from './other-members.js';

/** With so many the system itself is down. */
const MOST = 3;

export class Outage {
  private first: unknown;
  private count = 0;

  /**
   * For the failure of a write, which may have taken effect all the same, and others out of the group.
   * @returns undefined where the group answers reads, and no other member went
   * @throws what no retry can fix, a rate limit, and the outage of many
   */
  async unlessMany(
    failure: unknown,
    others: Watched,
    verb: 'added' | 'removed',
    signal: AbortSignal,
  ): Promise<undefined> {
    const isOther = failure instanceof FinalFailure || failure instanceof RetryAfter || signal.aborted;
    if (isOther || ++this.count > MOST) throw failure;
    this.first ??= failure;
    await others.look();
    await others.lost(verb);
  }

  /** To be called after the others. @throws the outage, so that the attempt is retried */
  end(): void {
    if (this.first !== undefined) throw this.first;
  }
}
