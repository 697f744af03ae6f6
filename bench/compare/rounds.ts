/** Rounds in which the forms take turns, since machines drift: A B C D, A B C D, … The first, which warms up, is dropped. */
import type { Form } from './form.js';

export interface RoundOptions {
  rounds: number;
  /** What is being measured, for the progress. */
  what: string;
  progress: (line: string) => void;
}

/** @returns by form what each counted round has measured */
export async function interleaved<T>(
  forms: readonly Form[],
  { rounds, what, progress }: RoundOptions,
  measure: (form: Form, isWarmUp: boolean) => Promise<T>,
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(forms.map(({ label }) => [label, []]));
  for (let round = 0; round <= rounds; round += 1) {
    progress(`${what}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
    for (const form of forms) {
      const result = await measure(form, round === 0);
      if (round > 0) results.get(form.label)!.push(result);
    }
  }
  return results;
}
