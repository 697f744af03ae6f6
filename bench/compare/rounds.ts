/** Rounds in which what is compared takes turns, since machines drift: A B C D, A B C D, … The first, which warms up, is dropped. */

export interface RoundOptions {
  rounds: number;
  /** What is being measured, for the progress. */
  what: string;
  progress: (line: string) => void;
}

/** @returns by label what each counted round has measured */
export async function interleaved<Arm extends { label: string }, T>(
  arms: readonly Arm[],
  { rounds, what, progress }: RoundOptions,
  measure: (arm: Arm, isWarmUp: boolean) => Promise<T>,
): Promise<Map<string, T[]>> {
  const results = new Map<string, T[]>(arms.map(({ label }) => [label, []]));
  for (let round = 0; round <= rounds; round += 1) {
    progress(`${what}: ${round === 0 ? 'warming up' : `round ${round} of ${rounds}`}`);
    for (const arm of arms) {
      const result = await measure(arm, round === 0);
      if (round > 0) results.get(arm.label)!.push(result);
    }
  }
  return results;
}
