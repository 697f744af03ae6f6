/** Work that no event begins: each process looks at the clock, and a record that one of them leases makes it one work. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Log } from '../../process/logger.js';
import { OutageLog } from '../jetstream/outage-log.js';
import { Busy } from '../jetstream/records.js';
import type { Subscriber } from './subscriber.js';

interface Timer {
  /** The sentence of the log where it fails. */
  failing: string;
  everyMs: number;
  look: (signal: AbortSignal) => Promise<void>;
  log: Log;
}

export function startTimer({ failing, everyMs, look, log }: Timer): Subscriber {
  const stopping = new AbortController();
  const { signal } = stopping;
  const outage = new OutageLog(log, failing);
  const running = (async () => {
    while (!signal.aborted) {
      const lookedAt = Date.now();
      try {
        await look(signal);
        outage.answered(lookedAt);
      } catch (error) {
        if (!signal.aborted && !(error instanceof Busy)) outage.failed(error as Error);
      }
      await pause(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
