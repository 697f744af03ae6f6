/** Starts a child of the local stack again where it ends by itself. */
import type { Child } from './child.js';

/** More ends than this within that time are no accident. */
const MOST_ENDS = 5;
const WITHIN_MS = 300_000;

export interface Supervised {
  /** Resolves with a sentence, where the child ends too often to go on. */
  failed: Promise<string>;
  stop: () => Promise<void>;
}

/**
 * @param start starts the child, each time at the same address
 * @param report receives a line for each end and each new start
 */
export async function supervise<C extends Child>(
  start: () => Promise<C>,
  report: (line: string) => void,
): Promise<C & Supervised> {
  const first = await start();
  const { name, logFile } = first;
  let current: Child = first;
  let isStopping = false;
  let ends: number[] = [];
  let giveUp: (why: string) => void;
  const failed = new Promise<string>((resolve) => (giveUp = resolve));
  const watching = watch();
  return { ...first, failed, stop };

  async function watch(): Promise<void> {
    for (;;) {
      let how = await current.exited;
      for (let isBack = false; !isBack;) {
        if (isStopping) return;
        ends = [...ends.filter((at) => at > Date.now() - WITHIN_MS), Date.now()];
        if (ends.length > MOST_ENDS) {
          giveUp(
            `${name} ended ${ends.length} times in ${WITHIN_MS / 60_000} minutes, at last with ${how}. Its log: ${logFile}`,
          );
          return;
        }
        report(`${name} ended (${how}) and is started again. Its log: ${logFile}`);
        try {
          current = await start();
          isBack = true;
        } catch (error) {
          how = (error as Error).message;
        }
      }
      if (isStopping) await current.stop();
      else report(`${name} is back (process ${current.pid})`);
    }
  }

  async function stop(): Promise<void> {
    isStopping = true;
    await current.stop();
    await watching;
  }
}
