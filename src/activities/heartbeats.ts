/**
 * The heartbeats of an attempt. They go over the client, one after another, and not over the SDK's own throttled heartbeat: two ways would
 * cost twice, and an older report could come after a newer one.
 */
import {
  ActivityCancelledError,
  ActivityNotFoundError,
  ActivityPausedError,
  ActivityResetError,
} from '@temporalio/client';
import type { Context } from '@temporalio/activity';

/** A cancellation reaches the attempt with the answer to a heartbeat. */
const HEARTBEAT_EVERY_MS = 1_000;

/** The server no longer wants this attempt. */
const endings = [ActivityCancelledError, ActivityNotFoundError, ActivityPausedError, ActivityResetError];

export interface Heartbeats<P> {
  /** The details of the latest one; before the first, those of earlier attempts. */
  readonly details: P | undefined;
  /** Durable when it resolves, also against kill -9. @throws ActivityCancelledError and the like */
  report: (details: P) => Promise<void>;
  /** Aborts, with the reason, where the server no longer wants the attempt. */
  signal: AbortSignal;
  stop: () => void;
}

export function startHeartbeats<P>(context: Context): Heartbeats<P> {
  const { info } = context;
  let details = (info.heartbeatDetails ?? undefined) as P | undefined;
  const unwanted = new AbortController();
  let waiting = 0;
  let last: Promise<void> = Promise.resolve();

  function beat(): Promise<void> {
    waiting += 1;
    const sent = last.then(async () => {
      try {
        await context.client.activity.heartbeat(info.taskToken, details);
      } catch (error) {
        if (endings.some((ending) => error instanceof ending)) unwanted.abort(error);
        throw error;
      } finally {
        waiting -= 1;
      }
    });
    last = sent.catch(() => undefined);
    return sent;
  }

  // While Temporal is away none arrives; without any for long, the server begins another attempt.
  const timer = setInterval(() => {
    if (waiting === 0) beat().catch(() => undefined);
  }, HEARTBEAT_EVERY_MS);
  return {
    get details() {
      return details;
    },
    report(reached) {
      // A copy, because the service changes its own object further.
      details = structuredClone(reached);
      return beat();
    },
    signal: unwanted.signal,
    stop: () => clearInterval(timer),
  };
}
