/** A process that can end and begin again, as under a supervisor. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Child } from '../../src/local/child.js';

export interface Part {
  /** `engine`, or the services that it runs. */
  name: string;
  start: () => Promise<void>;
  /** Sends SIGTERM, and after so long SIGKILL. @returns how it ended; undefined where it did not run */
  stop: (withinMs?: number) => Promise<string | undefined>;
  /** kill -9. */
  kill: () => Promise<void>;
  /** Not while it starts again after an end of its own. */
  isRunning: () => boolean;
  pid: () => number;
}

/** What ends without having been told to is started again. */
export function part(name: string, launch: () => Promise<Child>): Part {
  let child: Child | undefined;
  let isWanted = false;
  const start = async (): Promise<void> => {
    isWanted = true;
    const started = await launch();
    child = started;
    void started.exited.then((how) => {
      if (child !== started || !isWanted) return;
      child = undefined;
      console.error(`${name} ended by itself (${how}) and is started again: ${started.logFile}`);
      void again();
    });
  };
  const again = async (): Promise<void> => {
    await pause(1_000);
    if (!isWanted) return;
    await start().catch((error: Error) => {
      console.error(error.message);
      return again();
    });
  };
  const end = async (how: (running: Child) => Promise<void>): Promise<string | undefined> => {
    isWanted = false;
    const ending = child;
    child = undefined;
    if (!ending) return undefined;
    await how(ending);
    return ending.exited;
  };
  return {
    name,
    start,
    stop: (withinMs) => end((running) => running.stop(withinMs)),
    kill: async () => void (await end((running) => running.kill())),
    isRunning: () => child !== undefined,
    pid() {
      if (!child) throw new Error(`${name} is not running`);
      return child.pid;
    },
  };
}
