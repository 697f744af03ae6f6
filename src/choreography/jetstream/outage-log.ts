import type { Log } from '../../process/logger.js';

/** An election of a leader, or a restart, takes seconds, and loses nothing: no line tells of it. */
const WORTH_A_LINE_MS = 10_000;

/** Logs when an outage begins and ends, of many requests that fail and succeed at the same time. */
export class OutageLog {
  private outage: { since: number; seenAt: number; isTold: boolean } | undefined;

  /** @param what the sentence of the outage: `messages cannot be pulled` */
  constructor(
    private readonly log: Log,
    private readonly what: string,
  ) {}

  failed(error: Error): void {
    const now = Date.now();
    const { since, isTold } = this.outage ?? { since: now, isTold: false };
    const isDue = !isTold && now - since >= WORTH_A_LINE_MS;
    if (isDue) this.log.warn(`${this.what} for ${seconds(now - since)}: ${error.message}`);
    this.outage = { since, seenAt: now, isTold: isTold || isDue };
  }

  /** An answer to a request from before the last failure does not end the outage. */
  answered(requestedAt: number): void {
    if (!this.outage || requestedAt <= this.outage.seenAt) return;
    if (this.outage.isTold)
      this.log.info(`over after ${seconds(Date.now() - this.outage.since)}: ${this.what}`);
    this.outage = undefined;
  }
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
