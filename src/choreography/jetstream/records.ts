/**
 * What a service must remember, in a JetStream key-value bucket: durable before it is acted on, and never torn by two processes of the
 * service. Whoever works on a record has it to itself for a while (a lease), and every write names the revision that it changes.
 *
 * The rule that keeps two living processes from doing the same: the holder renews its lease as long as it works, and without a renewal
 * stops a fifth of the lease before anybody else may begin; that fifth is for clocks that differ and for timers that are late. What
 * cannot be taken back it begins only while its own clock has enough of the lease left for all of it (`assertLasts`), however late its
 * timers are. What it did is recorded as long as nobody else has written, also after the lease.
 */
import { randomUUID } from 'node:crypto';
import { JetStreamApiError } from '@nats-io/jetstream';
import type { KV, KvEntry } from '@nats-io/kv';
import { endsBy } from '../../services/protocols/point-of-no-return.js';
import { openBucket } from './bucket.js';
import type { Bus } from './bus.js';
import { withRetry } from './with-retry.js';

/** Another process works on the record, or has begun to since. */
export class Busy extends Error {
  override readonly name = 'Busy';
}

export interface Leased<T> {
  /** What is remembered; what is changed here is written by `save`, and at the end. */
  value: T;
  /** Returns when it is durable. @throws Busy when somebody else has taken the record over */
  save: () => Promise<void>;
  /** Aborts with the caller's, on `interrupt`, and when the lease could not be renewed. */
  signal: AbortSignal;
}

export interface Records<T> {
  /** Runs something that has the record to itself. @throws Busy */
  lease: <R>(key: string, signal: AbortSignal, work: (record: Leased<T>) => Promise<R>) => Promise<R>;
  /** Ends what this process does with a record, and returns when it has ended. */
  interrupt: (key: string) => Promise<void>;
}

interface Document<T> {
  /** Whose write this is, and which of theirs: one's own is recognised where its answer was lost. */
  by: string;
  /** Milliseconds since the epoch; in the past when nobody works on it. */
  leasedUntil: number;
  value: T;
}

interface RecordOptions<T> {
  bucket: string;
  /** What is remembered of what has no record yet. */
  empty: T;
  /** After how long a process that no longer says that it works on a record is taken for dead. */
  leaseMs: number;
}

/** Which part of its lease a holder leaves unused. */
const MARGIN = 0.2;

export async function openRecords<T>(
  { js }: Bus,
  { bucket, empty, leaseMs }: RecordOptions<T>,
): Promise<Records<T>> {
  const kv = await openBucket(js, bucket);
  const running = new Map<string, { controller: AbortController; ended: Promise<unknown> }>();

  async function leased<R>(
    key: string,
    controller: AbortController,
    signal: AbortSignal,
    work: (record: Leased<T>) => Promise<R>,
  ): Promise<R> {
    const entry = await get(kv, key);
    const found = entry?.json<Document<T>>();
    if (found && found.leasedUntil > Date.now()) throw new Busy(`another process works on ${key}`);
    let revision = entry?.revision ?? 0;
    let writes = 0;
    let tooLate: NodeJS.Timeout | undefined;
    let msLeft = () => 0;
    let last: Promise<void> = Promise.resolve();
    const me = randomUUID();
    endsBy(signal, () => msLeft());
    const record: Leased<T> = {
      value: found?.value ?? structuredClone(empty),
      save: () => write(leaseMs),
      signal,
    };
    /** One after the other: each names the revision that the one before has made, or may have made. */
    function write(forMs: number): Promise<void> {
      const written = last.then(async () => {
        const msSince = stopwatch();
        const document: Document<T> = {
          by: `${me} ${++writes}`,
          leasedUntil: Date.now() + forMs,
          value: record.value,
        };
        revision = await put(kv, key, document, revision, leaseMs);
        clearTimeout(tooLate);
        if (forMs <= 0) return;
        msLeft = () => forMs - MARGIN * leaseMs - msSince();
        // Nothing of this is under way any more when somebody else may begin.
        const giveUp = () => controller.abort(new Error(`the lease of ${key} could not be renewed`));
        tooLate = setTimeout(giveUp, msLeft());
      });
      // One that failed is no reason not to try the next: what was done is to be remembered.
      last = written.catch(() => undefined);
      return written;
    }
    await record.save();
    const renewals = setInterval(
      () => void record.save().catch((error) => controller.abort(error)),
      leaseMs / 3,
    );
    try {
      return await work(record);
    } finally {
      clearInterval(renewals);
      try {
        await write(0);
      } finally {
        clearTimeout(tooLate);
      }
    }
  }

  return {
    async lease(key, signal, work) {
      while (running.has(key)) await running.get(key)!.ended;
      const controller = new AbortController();
      const result = leased(key, controller, AbortSignal.any([signal, controller.signal]), work);
      const ended = result.then(
        () => undefined,
        () => undefined,
      );
      running.set(key, { controller, ended });
      try {
        return await result;
      } finally {
        running.delete(key);
      }
    },
    async interrupt(key) {
      const current = running.get(key);
      if (!current) return;
      current.controller.abort(new Error('given up: the exit has taken another turn'));
      await current.ended;
    },
  };
}

/** @returns the new revision */
async function put<T>(
  kv: KV,
  key: string,
  document: Document<T>,
  revision: number,
  withinMs: number,
): Promise<number> {
  const text = JSON.stringify(document);
  for (let previousSeq = revision; ;) {
    try {
      const ask = () => kv.put(key, text, { previousSeq });
      return await withRetry(`${key} is not recorded`, ask, withinMs);
    } catch (error) {
      if (!(error instanceof JetStreamApiError)) throw error;
      const now = await get(kv, key);
      // It was taken, and only the answer was lost.
      if (now?.string() === text) return now.revision;
      const isOurs = now && holderOf(now.json<Document<T>>()) === holderOf(document);
      if (!isOurs || now.revision === previousSeq)
        throw new Busy(`another process has written ${key}`, { cause: error });
      // The answer to the one before was.
      previousSeq = now.revision;
    }
  }
}

const holderOf = ({ by }: Document<unknown>): string => by.split(' ')[0]!;

/** By the clock that nobody sets and by the one that goes on in a machine that is suspended: the longer counts. */
function stopwatch(): () => number {
  const [steady, set] = [performance.now(), Date.now()];
  return () => Math.max(performance.now() - steady, Date.now() - set);
}

const get = (kv: KV, key: string): Promise<KvEntry | null> =>
  withRetry(`${key} cannot be read`, () => kv.get(key));
