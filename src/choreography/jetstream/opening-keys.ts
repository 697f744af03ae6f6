/** Openings that wait for a second person, in a key-value bucket by employee id, and the exits that began of late, in the stream. */
import type { MsgRequest, StoredMsg } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import { parseSubject, subjectsOfType } from '../../exit/events.js';
import type { OpeningEnd, Openings, WaitingOpening } from '../../exit/opening.js';
import { openBucket, putAfter, valueIn } from './bucket.js';
import type { Bus } from './bus.js';
import { EXITS } from './streams.js';
import { ifExists, withRetry } from './with-retry.js';

const BUCKET = { kind: 'bucket', name: 'exit-openings' } as const;

interface Kept {
  opening: WaitingOpening;
  /** Absent while it waits. */
  ended?: OpeningEnd;
}

/** The bucket is made on the first use: a company without limits has none. */
export function openingKeys(bus: Bus): Openings {
  let opened: Promise<KV> | undefined;
  const bucket = (): Promise<KV> =>
    (opened ??= openBucket(bus, BUCKET.name).catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));

  async function find(employeeId: string): Promise<(Kept & { revision: number }) | undefined> {
    const kv = await bucket();
    const what = `The opening of ${employeeId} cannot be read`;
    const entry = await withRetry(what, () => kv.get(employeeId));
    return entry?.operation === 'PUT' ? { ...entry.json<Kept>(), revision: entry.revision } : undefined;
  }

  /** @returns whether it was written: nothing newer than the revision was there */
  async function put(employeeId: string, kept: Kept, revision = 0): Promise<boolean> {
    const what = `The opening of ${employeeId} is not recorded`;
    return putAfter(revision, { kv: await bucket(), place: BUCKET, what }, employeeId, kept);
  }

  const begun: { employeeId: string; at: string }[] = [];
  let reading: Promise<() => Promise<void>> | undefined;
  async function readerSince(since: string): Promise<() => Promise<void>> {
    const from = await firstSince(bus, since);
    return readerOn(bus, EXITS, subjectsOfType('employee.resigned'), from, ({ subject, data, time }) => {
      const place = parseSubject(subject);
      if (place.ok && !isConfirmed(bus, data))
        begun.push({ employeeId: place.value.employeeId, at: time.toISOString() });
    });
  }

  const kept = new Map<string, Kept>();
  const readKept = readerOn(bus, `KV_${BUCKET.name}`, `$KV.${BUCKET.name}.>`, 1, ({ subject, data }) => {
    const employeeId = subject.split('.').at(-1)!;
    if (data.length > 0) kept.set(employeeId, valueIn<Kept>(bus, data));
    else kept.delete(employeeId);
  });

  return {
    async begunSince(since) {
      reading ??= readerSince(since).catch((error: unknown) => {
        reading = undefined;
        throw error;
      });
      const read = await reading;
      await read();
      const first = begun.findIndex(({ at }) => at >= since);
      begun.splice(0, first < 0 ? begun.length : first);
      return begun.map(({ employeeId }) => employeeId);
    },

    async keep(opening) {
      const { employeeId } = opening.resignation;
      for (;;) {
        const earlier = await find(employeeId);
        if (earlier && earlier.ended === undefined) return earlier.opening;
        if (await put(employeeId, { opening }, earlier?.revision)) return opening;
      }
    },

    async find(employeeId) {
      const found = await find(employeeId);
      return found?.ended === undefined ? found?.opening : undefined;
    },

    async waiting() {
      await ifExists('The openings cannot be read', readKept);
      return [...kept.values()].flatMap(({ opening, ended }) => (ended === undefined ? opening : []));
    },

    async end(employeeId, ended) {
      for (;;) {
        const found = await find(employeeId);
        if (!found || found.ended !== undefined) return;
        if (await put(employeeId, { opening: found.opening, ended }, found.revision)) return;
      }
    },
  };
}

/** Any program may publish to the stream: what cannot be read was confirmed by no one. */
function isConfirmed(bus: Bus, data: Uint8Array): boolean {
  try {
    const resigned = valueIn<{ confirmedBy?: unknown } | null>(bus, data);
    return typeof resigned?.confirmedBy === 'string';
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/**
 * Reads on in a stream: each call passes on what came since the one before, so that it costs one request where nothing did. Calls queue.
 * @param from stream sequence
 */
function readerOn(
  bus: Bus,
  stream: string,
  filter: string,
  from: number,
  see: (message: StoredMsg) => void,
): () => Promise<void> {
  let seq = from;
  let last: Promise<unknown> = Promise.resolve();
  async function readOn(): Promise<void> {
    for (;;) {
      const found = await bus.find(stream, { seq, next_by_subj: filter } as MsgRequest);
      if (!found) return;
      see(found);
      seq = found.seq + 1;
    }
  }
  return () => {
    const read = last.then(readOn);
    last = read.catch(() => undefined);
    return read;
  };
}

/** @returns the sequence of the first message of the stream since then; an earlier one where messages are missing */
async function firstSince(bus: Bus, since: string): Promise<number> {
  const { state } = await withRetry(`The stream ${EXITS} cannot be read`, () => bus.jsm.streams.info(EXITS));
  let [low, high] = [Math.max(1, state.first_seq), state.last_seq + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await bus.find(EXITS, { seq: middle });
    if (found && found.time.toISOString() < since) low = middle + 1;
    else high = middle;
  }
  return low;
}
