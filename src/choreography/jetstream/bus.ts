/** The connection to NATS JetStream: publishes events so that they are recorded, and reads what is recorded of an employee. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  jetstream,
  jetstreamManager,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type MsgRequest,
  type PubAck,
  type StreamExpectations,
} from '@nats-io/jetstream';
import { connect, TimeoutError, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import type { NatsConfig } from '../../config/environment.js';
import {
  parseEventData,
  parseSubject,
  subjectOf,
  subjectsOf,
  type ExitEvent,
  type StoredEvent,
} from '../../exit/events.js';
import { Refusal } from '../../exit/refusal.js';
import { isAtLeast } from '../../version.js';
import { headersIn, headersOf, parseMessage } from './cloudevents.js';
import { withRetry } from './with-retry.js';
import { ensureStreams, EXITS } from './streams.js';

/**
 * An older one ignores the condition of an append (`Nats-Expected-Last-Subject-Sequence-Subject`), and two exits of one employee would
 * go unnoticed.
 */
export const OLDEST_SERVER = [2, 11] as const;

const CONNECT_WITHIN_MS = 5_000;
const ANSWER_WITHIN_MS = 3_000;
const FLUSH_WITHIN_MS = 1_000;
/** Employees whose log is remembered; only what is new is then read. */
const REMEMBERED_LOGS = 1_000;

const WRONG_LAST_SEQUENCE = new Set<number>([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]);

/** Something was appended since the log was read that the append was decided on. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** What the stream has of one employee. */
export interface EmployeeLog {
  /** In the order of the stream, without what is no event of ours. */
  events: readonly StoredEvent[];
  /** The stream sequence of the last message under the employee's subjects; 0 for none. */
  lastSeq: number;
}

export interface Bus {
  connection: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  /**
   * Returns when the event is recorded. Tries again under the same id while the broker is away.
   * @throws Overtaken when `expect` does not hold (any more)
   */
  publish: (event: ExitEvent, expect?: Partial<StreamExpectations>) => Promise<PubAck>;
  /** The same for any message. */
  send: (subject: string, data: Uint8Array | string, message: Sent) => Promise<PubAck>;
  read: (employeeId: string) => Promise<EmployeeLog>;
  close: () => Promise<void>;
}

interface Sent {
  id: string;
  headers: MsgHdrs;
  expect?: Partial<StreamExpectations> | undefined;
}

/** @param name shown in the server's list of connections */
export async function connectBus({ servers, ...options }: NatsConfig, name: string): Promise<Bus> {
  const where = servers.join(', ');
  const connection = await connect({
    ...options,
    servers,
    name,
    // A broker that is restarted comes back: nothing here ends because it is away.
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    timeout: CONNECT_WITHIN_MS,
    ignoreAuthErrorAbort: true,
  }).catch((error: unknown) => {
    const why = `NATS cannot be reached at ${where}: ${(error as Error).message}`;
    throw new Refusal('unreachable', why, { form: 'choreographed', address: where }, { cause: error });
  });
  try {
    return await busOn(connection, where);
  } catch (error) {
    await connection.close();
    if ((error as Error).name !== 'JetStreamNotEnabled') throw error;
    const why = `The NATS server at ${where} runs without JetStream: start it with "--jetstream"`;
    throw new Error(why, { cause: error });
  }
}

async function busOn(connection: NatsConnection, servers: string): Promise<Bus> {
  const version = connection.info?.version ?? 'unknown';
  if (!isAtLeast(version, OLDEST_SERVER))
    throw new Error(
      `The NATS server at ${servers} is ${version}: at least ${OLDEST_SERVER.join('.')} is needed, since older ones do not check what an append depends on`,
    );
  const options = { timeout: ANSWER_WITHIN_MS };
  const jsm = await jetstreamManager(connection, options).catch((error: unknown) => {
    if (!(error instanceof TimeoutError)) throw error;
    // A cluster that elects its leader is silent for seconds; the streams are asked for until there is an answer.
    return jetstreamManager(connection, { ...options, checkAPI: false });
  });
  const js = jetstream(connection, options);
  await ensureStreams(jsm);

  async function send(subject: string, data: Uint8Array | string, { id, headers, expect }: Sent) {
    try {
      return await withRetry(`${subject} is not recorded`, () =>
        js.publish(subject, data, { msgID: id, headers, ...(expect && { expect }) }),
      );
    } catch (error) {
      if (!(error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code))) throw error;
      throw new Overtaken(`something else was appended before ${subject}`, { cause: error });
    }
  }

  const logs = new Map<string, EmployeeLog>();
  return {
    connection,
    js,
    jsm,
    send,
    async publish(event, expect) {
      const subject = subjectOf(event);
      // What we say ourselves is held to the same as what others say.
      const problem = [parseSubject(subject), parseEventData(event.type, event.data)].find(({ ok }) => !ok);
      if (problem && !problem.ok) throw new Error(`${subject} is no event: ${problem.problem}`);
      // All of it, since somebody else's exit ids may be unique for each employee only.
      const id = `${event.employeeId} ${event.exitId} ${event.id}`;
      return send(subject, JSON.stringify(event.data), { id, headers: headersOf(event), expect });
    },
    async read(employeeId) {
      const known = logs.get(employeeId) ?? { events: [], lastSeq: 0 };
      const log = await readOn(jsm, employeeId, known);
      logs.delete(employeeId);
      logs.set(employeeId, log);
      if (logs.size > REMEMBERED_LOGS) logs.delete(logs.keys().next().value!);
      return log;
    },
    async close() {
      // What was said last, for instance that a message is to come again, is to be heard; but nobody waits for a broker that is away.
      if (!connection.isClosed())
        await Promise.race([connection.flush(), pause(FLUSH_WITHIN_MS, undefined, { ref: false })]);
      await connection.close();
    },
  };
}

/** Nothing is ever deleted from the stream, so that what was read of it stays true. */
async function readOn(
  { streams }: JetStreamManager,
  employeeId: string,
  known: EmployeeLog,
): Promise<EmployeeLog> {
  const events = [...known.events];
  let { lastSeq } = known;
  for (;;) {
    // Asked of the stream's leader, so that what was acknowledged is seen.
    const query = { seq: lastSeq + 1, next_by_subj: subjectsOf(employeeId) } as MsgRequest;
    const message = await withRetry(`the log of ${employeeId} cannot be read`, () =>
      streams.getMessage(EXITS, query),
    );
    if (!message) return { events, lastSeq };
    const { subject, data, seq, time } = message;
    lastSeq = seq;
    const headers = headersIn(message);
    const parsed = parseMessage({ subject, headers, data, seq, storedAt: time.toISOString() });
    if (parsed.ok) events.push(parsed.value);
  }
}
