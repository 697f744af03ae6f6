/**
 * A service's records in a JetStream key-value bucket. A record is durable before the service acts on it. A process leases a record
 * before it acts on it, and every write names the revision that it replaces: of two that have read one revision, one gets the lease.
 *
 * Two live processes never act on one record. The holder renews its lease while it works. Without a renewal it stops a fifth of the
 * lease early, which allows for clock skew and late timers. Before an irreversible request it checks by its own clock that the rest of
 * the lease covers the request (`assertTimeLeft`). After its lease it may still write the result, unless another process has written.
 *
 * A lease ends in one of two ways. Work that published its outcome ends it by that event, which costs no write. Any other work ends it by a
 * last write, with what it knows by then.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { KV, KvEntry } from '@nats-io/kv';
import { FinalFailure } from '../../exit/failures.js';
import { setDeadline } from '../../services/protocols/commit-point.js';
import { openBucket } from './bucket.js';
import type { Bus } from './bus.js';
import { isAnswer, isConflict, refusedBy, withRetry } from './with-retry.js';

/** Another process holds the lease of the record. */
export class Busy extends Error {
  override readonly name = 'Busy';
}

export interface Leased<T> {
  /** Changes are written by `save`, and when the work ends without its outcome. */
  value: T;
  /** The id of the event that ends the lease; set before the first save. */
  outcome?: string | undefined;
  /** The stream has that event. What the value has since the last save, no later work needs. */
  isOutcomePublished?: boolean;
  /**
   * Resolves once the value is durable. The first one takes the lease.
   * @throws Busy where another process has taken the lease; FinalFailure Refused where the value is too large or the bucket is full,
   * which ends the lease
   */
  save: () => Promise<void>;
  /** Aborts with the caller's signal, on `interrupt`, when the lease is not renewed in time, and when a save is refused. */
  signal: AbortSignal;
}

export interface Records<T> {
  /**
   * Runs `work`, which saves the record before it acts: its first save takes the exclusive lease.
   * @param isPublished whether the stream has an event, by its id. It reads the stream as it is now
   * @param seq of the event that the work is for, in the stream
   * @throws Busy where another process holds it
   */
  lease: <R>(
    key: string,
    signal: AbortSignal,
    work: (record: Leased<T>) => Promise<R>,
    isPublished?: IsPublished,
    seq?: number,
  ) => Promise<R>;
  /**
   * Aborts this process's work on a record, and resolves once the work has ended. Work for the same event or for a later one goes on: it knows
   * of the event. Otherwise two copies of a message, as an outage of the broker makes them, would abort each other without end.
   * @param seq of the event, in the stream
   */
  interrupt: (key: string, seq: number) => Promise<void>;
}

type IsPublished = (eventId: string) => Promise<boolean>;

interface Document<T> {
  /** `<holder> <number of the write>`: identifies a write whose ack was lost. */
  by: string;
  /** Milliseconds since the epoch; in the past where no process holds the lease. */
  leasedUntil: number;
  /** The id of the event that ends the lease before. */
  outcome?: string | undefined;
  value: T;
}

interface RecordOptions<T> {
  bucket: string;
  /** The value of a record that does not exist yet. */
  empty: T;
  /** How long a lease lasts without a renewal. */
  leaseMs: number;
}

/** The fraction of its lease that a holder leaves unused. */
const MARGIN = 0.2;

/** @returns a record as it was last written, without a lease; undefined where there is none */
export async function readRecord<T>(
  bus: Bus,
  bucket: string,
  key: string,
): Promise<{ value: T; writtenAt: Date } | undefined> {
  const entry = await get(await openBucket(bus, bucket), key);
  return entry?.operation === 'PUT'
    ? { value: entry.json<Document<T>>().value, writtenAt: entry.created }
    : undefined;
}

export async function openRecords<T>(
  bus: Bus,
  { bucket, empty, leaseMs }: RecordOptions<T>,
): Promise<Records<T>> {
  const kv = await openBucket(bus, bucket);
  const running = new Map<string, { seq: number; controller: AbortController; ended: Promise<unknown> }>();

  async function leased<R>(
    key: string,
    controller: AbortController,
    signal: AbortSignal,
    work: (record: Leased<T>) => Promise<R>,
    isPublished: IsPublished | undefined,
  ): Promise<R> {
    const entry = await get(kv, key);
    const found = entry?.json<Document<T>>();
    if (found && found.leasedUntil > Date.now()) {
      const { outcome } = found;
      const isOver = outcome !== undefined && (await isPublished?.(outcome));
      if (!isOver) throw new Busy(`another process holds the lease of ${key}`);
    }
    let revision = entry?.revision ?? 0;
    let writes = 0;
    let tooLate: NodeJS.Timeout | undefined;
    let msLeft = () => 0;
    let last: Promise<void> = Promise.resolve();
    let stored = found?.value ?? empty;
    let refusal: FinalFailure | undefined;
    const me = randomUUID();
    setDeadline(signal, () => msLeft());
    const record: Leased<T> = {
      value: structuredClone(stored),
      save: () => write(leaseMs),
      signal,
    };
    /** Writes are serial: each names the revision of the write before, or of one whose ack was lost. */
    function write(forMs: number): Promise<void> {
      const written = last.then(async () => {
        const msSince = stopwatch();
        // A refused value stays out of the record: without it the lease can end.
        const value = refusal ? stored : structuredClone(record.value);
        const document: Document<T> = {
          by: `${me} ${++writes}`,
          leasedUntil: forMs > 0 ? Date.now() + forMs : 0,
          ...(forMs > 0 && { outcome: record.outcome }),
          value,
        };
        try {
          revision = await put(kv, bucket, key, document, revision, leaseMs);
        } catch (error) {
          if (error instanceof FinalFailure) controller.abort((refusal ??= error));
          throw error;
        }
        stored = value;
        clearTimeout(tooLate);
        if (forMs <= 0) return;
        renewal ??= renew();
        msLeft = () => forMs - MARGIN * leaseMs - msSince();
        // The work ends before another process may take the lease.
        const abort = () => controller.abort(new Error(`the lease of ${key} was not renewed in time`));
        tooLate = setTimeout(abort, msLeft());
      });
      // After a failed write the next one is still tried, so that the result is recorded.
      last = written.catch(() => undefined);
      return written;
    }
    const ended = new AbortController();
    let renewal: Promise<void> | undefined;
    try {
      return await work(record);
    } catch (error) {
      throw refusal ?? error;
    } finally {
      ended.abort();
      try {
        await release();
      } finally {
        clearTimeout(tooLate);
      }
    }

    /** One renewal at a time: behind a slow write no others queue. */
    async function renew(): Promise<void> {
      try {
        for (;;) {
          await pause(leaseMs / 3, undefined, { signal: ended.signal });
          await record.save();
        }
      } catch (error) {
        if (!ended.signal.aborted) controller.abort(error);
      }
    }

    async function release(): Promise<void> {
      // It needed no lease, and found nothing to do.
      if (writes === 0 && isDeepStrictEqual(record.value, stored)) return;
      // A renewal may be under way: nothing of this lease is written after its end.
      if (writes > 0 && record.isOutcomePublished) return last;
      const wasRefused = refusal !== undefined;
      try {
        await write(0);
      } catch (error) {
        // The result itself was refused. A full bucket refuses more, but takes a smaller record in place of a larger one.
        if (refusal && !wasRefused) await write(0);
        throw error;
      }
    }
  }

  return {
    async lease(key, signal, work, isPublished, seq = 0) {
      while (running.has(key)) await running.get(key)!.ended;
      const controller = new AbortController();
      const result = leased(key, controller, AbortSignal.any([signal, controller.signal]), work, isPublished);
      const ended = result.then(
        () => undefined,
        () => undefined,
      );
      running.set(key, { seq, controller, ended });
      try {
        return await result;
      } finally {
        running.delete(key);
      }
    },
    async interrupt(key, seq) {
      const current = running.get(key);
      if (!current || current.seq >= seq) return;
      current.controller.abort(new Error('interrupted: a decision, a request or a resolution came'));
      await current.ended;
    },
  };
}

/** @returns the new revision @throws Busy; FinalFailure Refused */
async function put<T>(
  kv: KV,
  bucket: string,
  key: string,
  document: Document<T>,
  revision: number,
  withinMs: number,
): Promise<number> {
  const text = JSON.stringify(document);
  const what = `The record ${key} is not written`;
  for (let previousSeq = revision; ;) {
    try {
      const ask = () => kv.put(key, text, { previousSeq });
      return await withRetry(what, ask, withinMs);
    } catch (error) {
      if (!isAnswer(error)) throw error;
      if (!isConflict(error)) throw refusedBy(error, what, { kind: 'bucket', name: bucket });
      const now = await get(kv, key);
      // This write is stored; its ack was lost.
      if (now?.string() === text) return now.revision;
      const isOurs = now && holderOf(now.json<Document<T>>()) === holderOf(document);
      if (!isOurs || now.revision === previousSeq)
        throw new Busy(`another process has written ${key}`, { cause: error });
      // The write before is stored; its ack was lost.
      previousSeq = now.revision;
    }
  }
}

const holderOf = ({ by }: Document<unknown>): string => by.split(' ')[0]!;

/** The larger of monotonic and wall-clock time: the first cannot be set, the second runs on while the machine is suspended. */
function stopwatch(): () => number {
  const [monotonic, wall] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - monotonic, Date.now() - wall);
}

const get = (kv: KV, key: string): Promise<KvEntry | null> =>
  withRetry(`The record ${key} cannot be read`, () => kv.get(key));
