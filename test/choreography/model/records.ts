/** One record in memory, as durable as the script lets it be. */
import type { Leased, Records } from '../../../src/choreography/jetstream/records.js';

export class MemoryRecords<T> implements Records<T> {
  private running: { controller: AbortController; ended: Promise<void> } | undefined;

  /** @param save what becomes of a write in the middle of an attempt; `keep` makes it durable */
  constructor(
    private durable: T,
    private readonly save: (value: T, keep: () => void, signal: AbortSignal) => Promise<void>,
    /** The process has died: what it had not written is forgotten. */
    private readonly isDead: () => boolean,
  ) {}

  async lease<R>(_key: string, signal: AbortSignal, work: (record: Leased<T>) => Promise<R>): Promise<R> {
    while (this.running) await this.running.ended;
    const controller = new AbortController();
    let end = (): void => undefined;
    this.running = { controller, ended: new Promise((resolve) => (end = resolve)) };
    let isLeased = false;
    const record: Leased<T> = {
      value: structuredClone(this.durable),
      signal: AbortSignal.any([signal, controller.signal]),
      save: () => {
        const copy = structuredClone(record.value);
        isLeased = true;
        return this.save(copy, () => (this.durable = copy), record.signal);
      },
    };
    try {
      return await work(record);
    } finally {
      // The outcome ends a lease without a write.
      const isEnded = isLeased && record.isOutcomePublished;
      if (!this.isDead() && !isEnded) this.durable = structuredClone(record.value);
      this.running = undefined;
      end();
    }
  }

  async interrupt(): Promise<void> {
    this.running?.controller.abort(new Error('given up'));
    await this.running?.ended;
  }
}
