/** What an exit brings about, as the services that do it tell it, and who waits for it. */

export type Effect =
  | `blocked:${string}`
  | `ended:${string}`
  | 'told'
  | 'employee-told'
  | 'invited'
  | 'outcome-told'
  | 'withdrawn';

/** One message of a process under measurement. */
export interface Seen {
  employeeId: string;
  effect: Effect;
  /** Milliseconds since the epoch. */
  atMs: number;
}

export const blocksOn = (systems: readonly string[]): Effect[] =>
  systems.map((system) => `blocked:${system}` as const);

/** Of the resignation. */
export const beginningsOn = (systems: readonly string[]): Effect[] => [
  ...blocksOn(systems),
  'told',
  'invited',
];

/** Of the decision *retained*. */
export const endingsOn = (systems: readonly string[]): Effect[] => [
  ...systems.map((system) => `ended:${system}` as const),
  'outcome-told',
  'withdrawn',
];

const PATIENCE_MS = 120_000;

export interface Effects {
  see: (seen: Seen) => void;
  /** Ends every wait: what tells the effects is gone. */
  fail: (error: Error) => void;
  /** @returns when the last of them was seen, in milliseconds since the epoch */
  until: (employeeId: string, effects: readonly Effect[]) => Promise<number>;
}

export function watchEffects(): Effects {
  const seen = new Map<string, Map<Effect, number>>();
  const waiting = new Map<string, Set<() => void>>();
  let failure: Error | undefined;
  const look = (employeeId: string): void => {
    for (const each of waiting.get(employeeId) ?? []) each();
  };
  return {
    see({ employeeId, effect, atMs }) {
      const of = seen.get(employeeId) ?? new Map<Effect, number>();
      seen.set(employeeId, of);
      if (!of.has(effect)) of.set(effect, atMs);
      look(employeeId);
    },
    fail(error) {
      failure = error;
      for (const employeeId of waiting.keys()) look(employeeId);
    },
    until: (employeeId, effects) =>
      new Promise((resolve, reject) => {
        const all = waiting.get(employeeId) ?? new Set();
        waiting.set(employeeId, all);
        const over = (): void => {
          clearTimeout(timer);
          all.delete(ask);
        };
        const timer = setTimeout(() => {
          over();
          const missing = effects.filter((effect) => !seen.get(employeeId)?.has(effect)).join(', ');
          reject(new Error(`${employeeId} had no ${missing} within ${PATIENCE_MS / 1000} s`));
        }, PATIENCE_MS);
        const ask = (): void => {
          const times = effects.map((effect) => seen.get(employeeId)?.get(effect));
          if (failure) {
            over();
            reject(failure);
          } else if (times.every((at) => at !== undefined)) {
            over();
            resolve(Math.max(...times));
          }
        };
        all.add(ask);
        ask();
      }),
  };
}
