/** Chance that a seed repeats (mulberry32). The order of what happens at one time is the machine's own, so each lane has its own chance. */
export interface Chance {
  between: (least: number, most: number) => number;
  isOneIn: (times: number) => boolean;
  oneOf: <T>(list: readonly T[]) => T;
}

export function chanceOf(seed: number, lane: string): Chance {
  let state = seed >>> 0;
  for (const char of lane) state = Math.imul(state ^ char.codePointAt(0)!, 0x01000193) >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    between: (least, most) => least + next() * (most - least),
    isOneIn: (times) => next() * times < 1,
    oneOf: (list) => list[Math.floor(next() * list.length)]!,
  };
}
