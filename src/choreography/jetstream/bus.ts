/** The connection to NATS JetStream: publishes events to the stream, and reads the events of an employee. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  jetstream,
  jetstreamManager,
  type JetStreamClient,
  type JetStreamManager,
  type MsgRequest,
  type PubAck,
  type StoredMsg,
  type StreamExpectations,
} from '@nats-io/jetstream';
import { connect, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { noDataKeys, type DataKeys } from '../../config/data-keys.js';
import type { NatsConfig, NatsLimits } from '../../config/environment.js';
import {
  parseEventData,
  parseSubject,
  subjectOf,
  subjectsOf,
  type ExitEvent,
  type StoredEvent,
} from '../../exit/events.js';
import { Refusal } from '../../exit/refusal.js';
import type { Trusted } from '../../exit/signature.js';
import { isAtLeast } from '../../version.js';
import { headersIn, headersOf, parseMessage } from './cloudevents.js';
import { roomOn, type Room } from './room.js';
import { DEAD_LETTERS, ensureStreams, EXITS } from './streams.js';
import { isAnswer, isConflict, refusedBy, withRetry } from './with-retry.js';

/** Older servers ignore `Nats-Expected-Last-Subject-Sequence-Subject`, and would accept two open exits of one employee. */
export const OLDEST_SERVER = [2, 11] as const;

const CONNECT_WITHIN_MS = 5_000;
const PING_EVERY_MS = 3_000;
const ANSWER_WITHIN_MS = 3_000;
const FLUSH_WITHIN_MS = 1_000;
/** How many employees' logs are cached; of a cached log only new messages are read. */
const CACHED_LOGS = 1_000;

/** The stream has a newer message under the employee's subjects than the append expects. */
export class AppendConflict extends Error {
  override readonly name = 'AppendConflict';
}

/** The events of one employee in the stream. */
export interface EmployeeLog {
  /** In stream order, valid EMS events only. */
  events: readonly StoredEvent[];
  /** The stream sequence of the last message under the employee's subjects; 0 where there is none. */
  lastSeq: number;
}

export interface Bus {
  connection: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  room: Room;
  /** Of the data of events, and of the values of buckets. */
  dataKeys: DataKeys;
  /** Whose signature counts, by the configuration of this process; undefined where it has none: then each plan says so. */
  trusted?: Trusted | undefined;
  /**
   * Resolves once JetStream has acknowledged the event. During an outage it retries under the same `Nats-Msg-Id`.
   * @throws AppendConflict where the stream rejects `expect`; FinalFailure Refused where the event is too large or the stream is full
   */
  publish: (event: ExitEvent, expect?: Partial<StreamExpectations>) => Promise<PubAck>;
  /** As `publish`, for any message. */
  send: (subject: string, data: Uint8Array | string, message: Sent) => Promise<PubAck>;
  read: (employeeId: string) => Promise<EmployeeLog>;
  /** @returns the message of a stream, by its sequence or by the next one of a subject; undefined where there is none */
  find: (stream: string, query: MsgRequest) => Promise<StoredMsg | undefined>;
  close: () => Promise<void>;
}

interface Sent {
  id: string;
  headers: MsgHdrs;
  expect?: Partial<StreamExpectations> | undefined;
}

/**
 * @param name appears in the server's list of connections
 * @param signal gives up the opening
 * @throws Refusal `unreachable` where no server answers
 */
export const connectBus = (nats: NatsConfig, name: string, signal?: AbortSignal): Promise<Bus> =>
  connectTo(nats, name, signal, true);

/** As `connectBus`. It creates and changes no stream, so that there may be none. */
export const connectReader = (nats: NatsConfig, name: string, signal?: AbortSignal): Promise<Bus> =>
  connectTo(nats, name, signal, false);

async function connectTo(
  { servers, limits, dataKeys = noDataKeys, ...options }: NatsConfig,
  name: string,
  signal: AbortSignal | undefined,
  ensures: boolean,
): Promise<Bus> {
  const where = servers.join(', ');
  const connection = await connect({
    ...options,
    servers,
    name,
    // Without a limit: a service outlives any outage of its broker.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    timeout: CONNECT_WITHIN_MS,
    ignoreAuthErrorAbort: true,
    // A server that is frozen, or behind a cut cable, is left after ten seconds for another of the cluster.
    pingInterval: PING_EVERY_MS,
    maxPingOut: 2,
  }).catch((error: unknown) => {
    const why = `NATS cannot be reached at ${where}: ${(error as Error).message}`;
    throw new Refusal('unreachable', why, { form: 'choreographed', address: where }, { cause: error });
  });
  const close = (): void => void connection.close();
  if (signal?.aborted) close();
  signal?.addEventListener('abort', close);
  try {
    return await busOn(connection, where, { limits, dataKeys }, ensures);
  } catch (error) {
    await connection.close();
    if ((error as Error).name !== 'JetStreamNotEnabled') throw error;
    const why = `The NATS server at ${where} has no JetStream for this user: start it with "--jetstream", and enable it for the account`;
    throw new Error(why, { cause: error });
  } finally {
    signal?.removeEventListener('abort', close);
  }
}

async function busOn(
  connection: NatsConnection,
  servers: string,
  { limits, dataKeys }: { limits: NatsLimits | undefined; dataKeys: DataKeys },
  ensures: boolean,
): Promise<Bus> {
  const version = connection.info?.version ?? 'unknown';
  if (!isAtLeast(version, OLDEST_SERVER))
    throw new Error(
      `The NATS server at ${servers} has version ${version}, which does not check conditional appends. Upgrade it to ${OLDEST_SERVER.join('.')} or newer`,
    );
  const options = { timeout: ANSWER_WITHIN_MS };
  const jsm = await jetstreamManager(connection, { ...options, checkAPI: false });
  const js = jetstream(connection, options);
  const askAccount = () => jsm.getAccountInfo();
  // A server without JetStream may be a leaf of one that has it: only the answer tells.
  const account = connection.info?.jetstream
    ? await withRetry('The account cannot be read', askAccount)
    : await askAccount();
  const room = roomOn(account, limits);
  if (ensures) await ensureStreams(jsm, room);

  async function send(subject: string, data: Uint8Array | string, { id, headers, expect }: Sent) {
    const what = `${subject} is not published`;
    try {
      return await withRetry(what, () =>
        js.publish(subject, data, { msgID: id, headers, ...(expect && { expect }) }),
      );
    } catch (error) {
      if (isConflict(error))
        throw new AppendConflict(`Another event was appended before ${subject}`, { cause: error });
      const name = subject.startsWith('exit.') ? EXITS : DEAD_LETTERS;
      throw isAnswer(error) ? refusedBy(error, what, { kind: 'stream', name }) : error;
    }
  }

  // The stream's leader answers this request, so that it finds every acknowledged message.
  const find = async (stream: string, query: MsgRequest): Promise<StoredMsg | undefined> =>
    (await withRetry(`The stream ${stream} cannot be read`, () => jsm.streams.getMessage(stream, query))) ??
    undefined;

  const logs = new Map<string, EmployeeLog>();
  return {
    connection,
    js,
    jsm,
    room,
    dataKeys,
    send,
    find,
    async publish(event, expect) {
      const subject = subjectOf(event);
      // Our own events pass the same validation as received ones.
      const problem = [parseSubject(subject), parseEventData(event.type, event.data)].find(({ ok }) => !ok);
      if (problem && !problem.ok) throw new Error(`${subject} is not a valid event: ${problem.problem}`);
      // With the employee id, since another publisher's exit ids may be unique per employee only.
      const id = `${event.employeeId} ${event.exitId} ${event.id}`;
      const data = dataKeys.seal(new TextEncoder().encode(JSON.stringify(event.data)));
      return send(subject, data, { id, headers: headersOf(event, dataKeys), expect });
    },
    async read(employeeId) {
      const known = logs.get(employeeId) ?? { events: [], lastSeq: 0 };
      const log = await readOn({ find, dataKeys }, employeeId, known);
      logs.delete(employeeId);
      logs.set(employeeId, log);
      if (logs.size > CACHED_LOGS) logs.delete(logs.keys().next().value!);
      return log;
    },
    async close() {
      // Pending acks and naks reach the server first. During an outage the flush fails or never ends, and the server redelivers.
      const flushed = connection.isClosed() ? undefined : connection.flush().catch(() => undefined);
      await Promise.race([flushed, pause(FLUSH_WITHIN_MS, undefined, { ref: false })]);
      await connection.close();
    },
  };
}

/** Continues from the cached log: the stream denies deletes, so that the cache stays valid. */
async function readOn(
  { find, dataKeys }: Pick<Bus, 'find' | 'dataKeys'>,
  employeeId: string,
  known: EmployeeLog,
): Promise<EmployeeLog> {
  const events = [...known.events];
  let { lastSeq } = known;
  for (;;) {
    const query = { seq: lastSeq + 1, next_by_subj: subjectsOf(employeeId) } as MsgRequest;
    const message = await find(EXITS, query);
    if (!message) return { events, lastSeq };
    const { subject, data, seq, time } = message;
    lastSeq = seq;
    const headers = headersIn(message);
    const parsed = parseMessage({ subject, headers, data, seq, storedAt: time.toISOString() }, dataKeys);
    if (parsed.ok) events.push(parsed.value);
  }
}
