/** Of what the operator is told: each step that needs attention, once for each cause and not for each attempt. */
import { stepKey, type Step } from './status.js';

interface Cause {
  /** As `stepKey` writes it. */
  step: string;
  error: string;
}

export class Notices {
  /** What each step that needs attention was last said to need it for. */
  private readonly causes = new Map<string, string>();
  /** In the order of their numbers, which begin with 1. */
  private readonly numbered: Cause[] = [];
  /** The number of the latest notice that went out. */
  sentUpTo = 0;

  /** The number of the latest notice, told or not; 0 for none. */
  get latest(): number {
    return this.numbered.length;
  }

  /** @returns whether the operator is to be told */
  add(step: Step, error: string): boolean {
    const key = stepKey(step);
    if (this.causes.get(key) === error) return false;
    this.causes.set(key, error);
    this.numbered.push({ step: key, error });
    return true;
  }

  /** What is mended and breaks again is news, also where it breaks as before. */
  forget(step: Step): void {
    this.causes.delete(stepKey(step));
  }

  markSent(number: number): void {
    this.sentUpTo = Math.max(this.sentUpTo, number);
  }

  /** What the operator has still to be told of the steps as they stand, the latest cause of each. */
  due(steps: readonly Step[]): Cause[] {
    const untold = new Map(this.numbered.slice(this.sentUpTo).map(({ step, error }) => [step, error]));
    const stuck = new Set(steps.filter(({ state }) => state === 'needs-attention').map(stepKey));
    return [...untold].flatMap(([step, error]) => (stuck.has(step) ? { step, error } : []));
  }
}
