import { setTimeout as pause } from 'node:timers/promises';

/** The machine may be busy with other things. */
export const PATIENCE_MS = 50_000;

/** Waits for a condition: asks until there is an answer, and says what was missing when there is none in time. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  withinMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${withinMs} ms in vain for ${what}`);
    await pause(50);
  }
}
