/** The outage of one group among many: it keeps none of the others from being written. */
import { FinalFailure } from '../../exit/failures.js';
import type { Watched } from './other-members.js';

export class Outage {
  private first: unknown;

  /**
   * For the failure of a write, which may have taken effect all the same, and others out of the group.
   * @returns undefined where the group has the first outage, and no other member went
   * @throws what no retry can fix; and a second outage, since then the system is down
   */
  async unlessSecond(
    failure: unknown,
    others: Watched,
    verb: 'added' | 'removed',
    signal: AbortSignal,
  ): Promise<undefined> {
    if (failure instanceof FinalFailure || signal.aborted || this.first !== undefined) throw failure;
    this.first = failure;
    await others.look();
    await others.lost(verb);
  }

  /** To be called after the others. @throws the outage, so that the attempt is retried */
  end(): void {
    if (this.first !== undefined) throw this.first;
  }
}
