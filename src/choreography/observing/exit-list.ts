/**
 * A read model for the list of exits: a bucket with one row for each exit, under the key `<employeeId>.<exitId>`. A row names the
 * stream sequence up to which it is folded. One durable consumer maintains it for all processes. It only observes: a reader folds newer
 * events from the stream itself, and gets the same list without it.
 */
import { isStuck } from '../../exit/status.js';
import { setTimeout as pause } from 'node:timers/promises';
import type { JsMsg, MsgRequest } from '@nats-io/jetstream';
import { parseSubject, type EventType, type StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import type { ListedExit } from '../../exit/exits.js';
import { foldLog } from '../../exit/fold.js';
import { rungStep } from '../../exit/review.js';
import { openBucket, valueIn } from '../jetstream/bucket.js';
import type { Bus } from '../jetstream/bus.js';
import { ensureConsumer, findConsumer } from '../jetstream/consumers.js';
import { readLogs, readAll } from '../jetstream/log.js';
import { EXITS } from '../jetstream/streams.js';
import { OutageLog } from '../jetstream/outage-log.js';
import { ifExists, isConflict } from '../jetstream/with-retry.js';
import type { Log } from '../../process/logger.js';

/** Rename the bucket when the shape of a row or the rules of the fold change. */
const BUCKET = 'exit-list';
const KEEPER = 'listing';

const PULL_FOR_MS = 10_000;
/** Messages within this time share one write: an exit begins with ten events in a second. */
const GATHER_FOR_MS = 1_000;
const GATHERED = 500;
const PAUSE_MS = 1_000;

/** A listed exit without its dead letters and failed attempts, which are not in its events. */
export interface ListRow extends Omit<ListedExit, 'needsAttention' | 'deadLetters' | 'statusProblem'> {
  /** Of an open exit: the types of its valid events. */
  counted: EventType[];
  /** From then on the row may be out of date without a new event, ISO 8601 in UTC. */
  staleFrom?: string | undefined;
  /** The stream sequence up to which the employee's events are folded. */
  seq: number;
}

/** @returns those of open exits, and whether a step of theirs is stuck */
export const openRows = (rows: readonly ListRow[]): (ListRow & { needsAttention: boolean })[] =>
  rows
    .filter(({ closedAt }) => closedAt === undefined)
    .map((row) => ({ ...row, needsAttention: row.stuckSteps.length > 0 }));

/** @returns every exit as of now, also where the read model lags or is absent */
export async function readExitList(bus: Bus): Promise<ListRow[]> {
  const { keptTo, bucket } = await keptUpTo(bus);
  // Without acks the rows may be of any age: the whole stream is folded.
  if (keptTo === 0)
    return [...(await readLogs(bus)).values()].flatMap((events) => rowsIn(bus, events, Infinity));
  const rows = await readRows(bus, bucket!);
  const now = new Date().toISOString();
  const changed = new Set<string>();
  for (const { employeeId, staleFrom } of rows.values())
    if (staleFrom !== undefined && staleFrom <= now) changed.add(employeeId);
  for await (const { subject, seq } of readAll(bus, EXITS, { from: keptTo + 1 })) {
    const place = parseSubject(subject);
    if (place.ok && (rows.get(keyOf(place.value))?.seq ?? 0) < seq) changed.add(place.value.employeeId);
  }
  for (const employeeId of changed)
    for (const row of await readRowsOf(bus, employeeId)) rows.set(keyOf(row), row);
  return [...rows.values()];
}

interface Mirror {
  /** As `bucketOf` names it. */
  bucket: string;
  /** The sequence of the bucket up to which it was read. */
  readTo: number;
  rows: Map<string, ListRow>;
}

/** The rows of the bucket as this process has them: each list reads only what was written since the one before. */
const mirrors = new WeakMap<Bus, Mirror>();

async function readRows(bus: Bus, bucket: string): Promise<Map<string, ListRow>> {
  const known = mirrors.get(bus);
  const mirror = known?.bucket === bucket ? known : { bucket, readTo: 0, rows: new Map<string, ListRow>() };
  mirrors.set(bus, mirror);
  for await (const { subject, data, seq } of readAll(bus, `KV_${BUCKET}`, { from: mirror.readTo + 1 })) {
    const key = subject.replace(`$KV.${BUCKET}.`, '');
    const row = data.length > 0 ? valueIn<ListRow>(bus, data) : undefined;
    // Another list may be reading at the same time.
    if (!row) mirror.rows.delete(key);
    else if (row.seq >= (mirror.rows.get(key)?.seq ?? 0)) mirror.rows.set(key, row);
    mirror.readTo = Math.max(mirror.readTo, seq);
  }
  return new Map(mirror.rows);
}

/**
 * The open exits as the read model has them, once it has caught up with what is in the stream now. It costs a request for each exit, and
 * no consumer, which a service may not make.
 */
export async function readOpenRows(bus: Bus, signal: AbortSignal): Promise<ListRow[]> {
  const { state } = await bus.jsm.streams.info(EXITS);
  while (!(await isKeptUpTo(bus, state.last_seq))) await pause(PAUSE_MS, undefined, { signal });
  const rows: ListRow[] = [];
  for (let seq = 1; ;) {
    const found = await bus.find(`KV_${BUCKET}`, { seq, next_by_subj: `$KV.${BUCKET}.>` } as MsgRequest);
    if (!found) return rows;
    signal.throwIfAborted();
    seq = found.seq + 1;
    const row = found.data.length > 0 ? valueIn<ListRow>(bus, found.data) : undefined;
    if (row && row.closedAt === undefined) rows.push(row);
  }
}

async function isKeptUpTo(bus: Bus, seq: number): Promise<boolean> {
  const keeper = await findConsumer(bus, KEEPER);
  if (!keeper) return false;
  const { ack_floor: floor, num_pending: ahead, num_ack_pending: underWay } = keeper;
  return floor.stream_seq >= seq || (ahead === 0 && underWay === 0);
}

/** @returns the exits of one employee, from the stream alone */
export async function readRowsOf(bus: Bus, employeeId: string): Promise<ListRow[]> {
  const { events, lastSeq } = await bus.read(employeeId);
  return rowsIn(bus, events, lastSeq);
}

/** Maintains the rows; several processes share the consumer. */
export function keepExitList(bus: Bus, log: Log): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  let writing: Promise<unknown> = Promise.resolve();
  const outage = new OutageLog(log, 'the list of exits cannot be updated');

  async function keep(): Promise<void> {
    const kv = await openBucket(bus, BUCKET);
    await ensureKeeper(bus);
    const consumer = await bus.js.consumers.get(EXITS, KEEPER);
    while (!stopping.signal.aborted) {
      const requestedAt = Date.now();
      const first = await consumer.next({ expires: PULL_FOR_MS });
      outage.answered(requestedAt);
      if (!first) continue;
      if (stopping.signal.aborted) return first.nak();
      const messages = [first];
      const more = await consumer.fetch({ max_messages: GATHERED, expires: GATHER_FOR_MS });
      for await (const message of more) messages.push(message);
      writing = writeAll(messages);
      await writing;
    }

    async function writeAll(messages: readonly JsMsg[]): Promise<void> {
      const newest = new Map<string, JsMsg[]>();
      for (const message of messages) {
        const place = parseSubject(message.subject);
        if (!place.ok) message.ack();
        else newest.set(keyOf(place.value), [...(newest.get(keyOf(place.value)) ?? []), message]);
      }
      for (const [key, of] of newest) {
        await write(key, of.at(-1)!.seq);
        for (const message of of) message.ack();
      }
    }

    /** Never replaces a newer row. */
    async function write(key: string, seq: number): Promise<void> {
      for (;;) {
        const entry = await kv.get(key);
        if (entry && entry.json<ListRow>().seq >= seq) return;
        const row = (await readRowsOf(bus, key.split('.')[0]!)).find((each) => keyOf(each) === key);
        // The event belongs to no exit.
        if (!row) return;
        try {
          await kv.put(key, JSON.stringify(row), { previousSeq: entry?.revision ?? 0 });
          return;
        } catch (error) {
          if (!isConflict(error)) throw error;
        }
      }
    }
  }

  void (async () => {
    while (!stopping.signal.aborted) {
      try {
        await keep();
      } catch (error) {
        if (stopping.signal.aborted) return;
        outage.failed(error as Error);
        await pause(PAUSE_MS);
      }
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await Promise.allSettled([writing]);
    },
  };
}

function rowsIn({ trusted }: Bus, events: readonly StoredEvent[], seq: number): ListRow[] {
  const { exits, rejected } = foldLog(events, new Date().toISOString(), trusted);
  return [...exits.values()].map((exit) => {
    const { employeeId, exitId, phase, ending, openedAt, closedAt, resignation, reviewBy } = exit;
    const counted = events.filter((event) => event.exitId === exitId && !rejected.has(event.seq));
    return {
      ...{ employeeId, exitId, phase, outcome: ending, openedAt, closedAt },
      lastWorkingDay: resignation.lastWorkingDay,
      reviewBy: exit.isAwaited ? reviewBy : undefined,
      stuckSteps: exit.steps.filter(isStuck),
      counted: closedAt === undefined ? [...new Set(counted.map(({ type }) => type))] : [],
      staleFrom: staleFrom(exit),
      seq,
    };
  });
}

/** A decision takes effect at its time, and the next rung of the ladder replaces a stuck one. */
function staleFrom({ closedAt, decision, ending, effectiveAt, steps, asOf }: Exit): string | undefined {
  if (closedAt !== undefined) return undefined;
  if (decision && !ending) return effectiveAt;
  const rungs: string[] = Object.values(rungStep);
  return steps.some((step) => isStuck(step) && rungs.includes(step.name)) ? asOf : undefined;
}

const keyOf = ({ employeeId, exitId }: Pick<ListRow, 'employeeId' | 'exitId'>): string =>
  `${employeeId}.${exitId}`;

/** @returns the consumer's ack floor, 0 where the bucket has been deleted since; and the bucket */
async function keptUpTo(bus: Bus): Promise<{ keptTo: number; bucket: string | undefined }> {
  const [keeper, bucket] = await Promise.all([findConsumer(bus, KEEPER), bucketOf(bus)]);
  const isKept = bucket !== undefined && keeper?.config.metadata?.['bucket'] === bucket;
  return { keptTo: isKept ? keeper.ack_floor.stream_seq : 0, bucket };
}

async function ensureKeeper(bus: Bus): Promise<void> {
  const bucket = (await bucketOf(bus))!;
  const keeper = await findConsumer(bus, KEEPER);
  if (keeper && keeper.config.metadata?.['bucket'] !== bucket) await bus.jsm.consumers.delete(EXITS, KEEPER);
  await ensureConsumer(bus, KEEPER, {
    description: 'Maintains the rows of `ems list`; it only observes',
    filter_subjects: ['exit.>'],
    max_deliver: -1,
    metadata: { bucket },
  });
}

/** Identifies the bucket by name and creation time, since it may be deleted and created again. @returns undefined where there is none */
async function bucketOf({ jsm }: Bus): Promise<string | undefined> {
  const found = await ifExists(`The bucket ${BUCKET} cannot be read`, () => jsm.streams.info(`KV_${BUCKET}`));
  return found && `${BUCKET} of ${found.created}`;
}
