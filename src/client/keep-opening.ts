/** Keeps an opening for a second person, and tells HR: a mail an hour for each who asks, so that many openings are not many mails. */
import type { Config } from '../config/config.js';
import type { HasOpenExit } from '../exit/acting.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import { waitsForSecond, type WaitingOpening } from '../exit/opening.js';
import type { Refusal } from '../exit/refusal.js';
import { HOUR_MS } from './admission.js';
import { openExitsIn, type Form } from './forms.js';

/** @param config called on first use */
export function keeperOf(config: () => Config | Promise<Config>) {
  /** By who asks, when this process told HR of their openings; 0 where the mail failed, so that the next one is due. */
  const told = new Map<string, number>();

  /** @returns why no mail went out */
  async function tell(
    { resignation: { submittedBy: askedBy }, askedAt }: WaitingOpening,
    before: readonly WaitingOpening[],
    hasOpenExit: HasOpenExit,
  ): Promise<string | undefined> {
    const since = Date.now() - HOUR_MS;
    const isOfLate = ({ resignation, askedAt: at }: WaitingOpening): boolean =>
      resignation.submittedBy === askedBy && Date.parse(at) > since;
    const last = told.get(askedBy);
    if (last !== 0 && ((last ?? 0) > since || before.some(isOfLate))) return undefined;
    told.set(askedBy, Date.now());
    try {
      const { createNotification } = await import('../services/from-config.js');
      const found = await config();
      const signal = AbortSignal.timeout(found.policy.requestTimeout);
      await createNotification(found, hasOpenExit).tellOfOpenings({ askedBy, askedAt }, signal);
      return undefined;
    } catch (error) {
      told.set(askedBy, 0);
      return (error as Error).message;
    }
  }

  /** @returns the refusal of the request: the opening waits */
  return async function keep(opening: WaitingOpening, form: Form, exits: ExitsOfForm): Promise<Refusal> {
    const { openings } = exits;
    const before = await openings.waiting();
    const kept = await openings.keep(opening);
    const problem = kept === opening ? await tell(opening, before, openExitsIn(exits)) : undefined;
    return waitsForSecond(kept, form, problem);
  };
}
