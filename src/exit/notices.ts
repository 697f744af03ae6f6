/** The mails to the operator: one for each cause that makes a step need attention, not one for each attempt; and news, of drift and of calendars. */
import { isStuck, stepKey, type Step } from './status.js';

interface Cause {
  /** As `stepKey` writes it. */
  step: string;
  error: string;
  /** EMS went on all the same: there is nothing to settle. */
  isNews: boolean;
}

export class Notices {
  /** By step: the latest cause. */
  private readonly causes = new Map<string, string>();
  /** In the order of their numbers, from 1. */
  private readonly numbered: Cause[] = [];
  /** The number of the latest notice that was sent. */
  sentUpTo = 0;

  /** The number of the latest notice, sent or not; 0 for none. */
  get latest(): number {
    return this.numbered.length;
  }

  /** @returns whether the cause is new, so that a mail is due */
  add(step: Step, error: string): boolean {
    const key = stepKey(step);
    if (this.causes.get(key) === error) return false;
    this.causes.set(key, error);
    this.numbered.push({ step: key, error, isNews: false });
    return true;
  }

  /** @returns whether the operator has not heard it in this exit, so that a mail is due */
  addNews(step: Step, error: string): boolean {
    const key = stepKey(step);
    if (this.numbered.some((cause) => cause.isNews && cause.step === key && cause.error === error))
      return false;
    this.numbered.push({ step: key, error, isNews: true });
    return true;
  }

  /** After a step is settled, the same failure of it is a new cause. */
  forget(step: Step): void {
    this.causes.delete(stepKey(step));
  }

  markSent(number: number): void {
    this.sentUpTo = Math.max(this.sentUpTo, number);
  }

  /** The unsent news, and the latest unsent cause of each step that still needs attention. */
  due(steps: readonly Step[]): Cause[] {
    const unsent = this.numbered.slice(this.sentUpTo);
    const latest = new Map(unsent.flatMap((cause) => (cause.isNews ? [] : [[cause.step, cause]])));
    const stuck = new Set(steps.filter(isStuck).map(stepKey));
    return [
      ...unsent.filter(({ isNews }) => isNews),
      ...[...latest.values()].filter(({ step }) => stuck.has(step)),
    ];
  }
}
