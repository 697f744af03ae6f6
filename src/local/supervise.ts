/** Starts a child of the local stack again where it ends by itself, and ends it where a person wants that. */
import type { Child } from './child.js';

/** More ends than this within that time are no accident. */
const MOST_ENDS = 5;
const WITHIN_MS = 300_000;

/** How a process stands, for the page of the two forms. */
export interface ProcessState {
  state: 'running' | 'starting' | 'stopping' | 'stopped';
  /** When it came into this state, ISO 8601, UTC. */
  since: string;
}

export interface Supervised {
  /** Resolves with a sentence, where the child ends too often to go on. */
  failed: Promise<string>;
  stop: () => Promise<void>;
  /** What a person does to it; none of it counts as an accident. */
  switch: Switch;
}

export interface Switch {
  now: () => ProcessState;
  /** Ends the child as Ctrl-C would, until `start`. */
  stop: () => void;
  start: () => void;
  /** Ends it by SIGKILL. It is started again at once. */
  kill: () => void;
}

interface Watchers {
  /** Receives a line for each end and each new start. */
  report: (line: string) => void;
  /** Called after each change of the state. */
  changed?: (() => void) | undefined;
}

/** @param start starts the child, each time at the same address */
export async function supervise<C extends Child>(
  start: () => Promise<C>,
  { report, changed }: Watchers,
): Promise<C & Supervised> {
  const first = await start();
  const { name, logFile } = first;
  let current: Child = first;
  let isStopping = false;
  /** A person has stopped the child. */
  let isHalted = false;
  /** A person has ended the process that was the last one. */
  let isWanted = false;
  let wake = (): void => undefined;
  let ends: number[] = [];
  let giveUp: (why: string) => void;
  const failed = new Promise<string>((resolve) => (giveUp = resolve));
  let now: ProcessState;
  const become = (state: ProcessState['state']): void => {
    now = { state, since: new Date().toISOString() };
    changed?.();
  };
  become('running');
  const watching = watch();
  return {
    ...first,
    failed,
    stop,
    switch: {
      now: () => now,
      stop() {
        isHalted = true;
        if (now.state === 'running') end('stopping', current.stop);
      },
      start() {
        isHalted = false;
        wake();
      },
      kill() {
        if (now.state === 'running') end('starting', current.kill);
      },
    },
  };

  function end(state: ProcessState['state'], by: () => Promise<void>): void {
    isWanted = true;
    become(state);
    void by();
  }

  async function watch(): Promise<void> {
    for (;;) {
      let how = await current.exited;
      for (let isBack = false; !isBack;) {
        if (isStopping) return;
        if (isHalted) {
          report(`${name} is stopped`);
          become('stopped');
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        if (!isWanted) {
          ends = [...ends.filter((at) => at > Date.now() - WITHIN_MS), Date.now()];
          if (ends.length > MOST_ENDS) {
            giveUp(
              `${name} ended ${ends.length} times in ${WITHIN_MS / 60_000} minutes, at last with ${how}. Its log: ${logFile}`,
            );
            return;
          }
          report(`${name} ended (${how}) and is started again. Its log: ${logFile}`);
        }
        isWanted = false;
        become('starting');
        try {
          current = await start();
          isBack = true;
        } catch (error) {
          how = (error as Error).message;
        }
      }
      if (isStopping) {
        await current.stop();
        return;
      }
      report(`${name} is back (process ${current.pid})`);
      become('running');
      // Stopped while it started.
      if (isHalted) end('stopping', current.stop);
    }
  }

  async function stop(): Promise<void> {
    isStopping = true;
    wake();
    await current.stop();
    await watching;
  }
}
