/** Retries requests to the broker, since a restart or a leader election takes seconds. Tells these outages from refusals. */
import { setTimeout as pause } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream';
import { InvalidArgumentError, PermissionViolationError } from '@nats-io/transport-node';
import { FailureType, FinalFailure } from '../../exit/failures.js';

const RETRY_FOR_MS = 30_000;
const MISSING = new Set<number>([JetStreamApiCodes.ConsumerNotFound, JetStreamApiCodes.StreamNotFound]);
/** The server's errors of status 500 that pass (its errors.json): no leader, a raft failure, a stream or consumer that is offline. */
const OUTAGES = new Set([10_007, 10_009, 10_041, 10_118, 10_119, 10_194, 10_195]);
/** Status 503 although it may be final: the store failed, or is full. */
const STORE_FAILED = 10_077;
const WRONG_LAST_SEQUENCE = new Set<number>([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]);

/** By error code: what lifts the limit. `{bytes}` is the setting of the place. */
const ADVICE: Record<number, string> = {
  10_002: 'raise the storage of the account',
  10_005: 'lower NATS_REPLICAS, or add servers',
  10_023: 'lower {bytes}, or raise the storage of the account',
  10_026: 'raise max_consumers of the account',
  10_027: 'raise max_streams of the account',
  10_028: 'raise the storage of the account',
  10_047: 'lower {bytes}, or raise the storage of the account',
  10_054: 'raise max_msg_size of {place}',
  10_074: 'lower NATS_REPLICAS, or add servers',
  10_077: 'raise max_bytes of {place}',
  10_113: 'set {bytes}',
  10_121: 'set NATS_MAX_ACK_PENDING to at most that',
  10_122: 'lower {bytes}',
};

/** Whether the server refused a write, since another message is newer than the write expects. */
export const isConflict = (error: unknown): boolean =>
  error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code);

/**
 * Retries until the server answers; an error response is an answer.
 * @param what the sentence that begins the error message
 * @param ask must be idempotent: it is called again where only the answer was lost
 * @throws JetStreamApiError the server's error response; InvalidArgumentError what the client library refuses
 */
export async function withRetry<T>(what: string, ask: () => Promise<T>, withinMs = RETRY_FOR_MS): Promise<T> {
  const deadline = Date.now() + Math.max(RETRY_FOR_MS, withinMs);
  for (let waitMs = 50; ; waitMs = Math.min(2 * waitMs, 1_000)) {
    try {
      return await ask();
    } catch (error) {
      if (isAnswer(error) || isDisabled(error as Error)) throw error;
      if (Date.now() > deadline || isClosed(error as Error)) {
        const answer = error instanceof JetStreamApiError ? 'is not ready' : 'does not answer';
        throw new Error(`${what}: NATS ${answer}: ${(error as Error).message}`, { cause: error });
      }
      await pause(waitMs);
    }
  }
}

/** As `withRetry`; undefined where the consumer or stream does not exist. */
export const ifExists = <T>(what: string, ask: () => Promise<T>): Promise<T | undefined> =>
  withRetry(what, ask).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && MISSING.has(error.code)) return undefined;
    throw error;
  });

/** As `withRetry`. @throws FinalFailure Refused, with the server's reason and what to change */
export const orRefused = <T>(
  what: string,
  place: Place,
  ask: () => Promise<T>,
  withinMs?: number,
): Promise<T> =>
  withRetry(what, ask, withinMs).catch((error: unknown) => {
    throw isAnswer(error) && !isConflict(error) ? refusedBy(error, what, place) : error;
  });

/** A stream or a bucket. */
export interface Place {
  name: string;
  kind: 'stream' | 'bucket';
}

/** @param what the sentence that begins the error message */
export function refusedBy(error: Answer, what: string, { name, kind }: Place): FinalFailure {
  const advice = adviceOn(error);
  const how = advice
    ?.replace('{bytes}', kind === 'stream' ? 'NATS_STREAM_MAX_BYTES' : 'NATS_BUCKET_MAX_BYTES')
    .replace('{place}', `the ${kind} ${name}`);
  return new FinalFailure(FailureType.Refused, `${what}: ${error.message}${how ? `: ${how}` : ''}`, {
    cause: error,
  });
}

function adviceOn(error: Answer): string | undefined {
  if (error instanceof JetStreamApiError) return ADVICE[error.code];
  if (isForbidden(error)) return 'give this user of NATS the permission, as deploy/nats-server.conf does';
  return 'raise max_payload of the NATS server';
}

/** The server or the client library answers the same request in the same way again. */
type Answer = JetStreamApiError | InvalidArgumentError | Forbidden;

type Forbidden = Error & { cause: PermissionViolationError };

/** The user lacks the permission for the request. */
export const isForbidden = (error: unknown): error is Forbidden =>
  error instanceof Error && error.cause instanceof PermissionViolationError;

/** The stream or the bucket has no room. */
export const isFull = ({ cause }: Error): boolean =>
  cause instanceof JetStreamApiError && cause.code === STORE_FAILED && isAnswer(cause);

export function isAnswer(error: unknown): error is Answer {
  if (!(error instanceof JetStreamApiError))
    return error instanceof InvalidArgumentError || isForbidden(error);
  const { code, status, message } = error;
  if (code === STORE_FAILED) return message.startsWith('maximum ');
  // 503: the server is up, and JetStream is not ready yet. 429: it has too many requests.
  return status !== 503 && status !== 429 && !OUTAGES.has(code);
}

/** By the account. A server that has no responder for JetStream may be about to have one. */
const isDisabled = ({ name, cause }: Error): boolean =>
  name === 'JetStreamNotEnabled' && cause instanceof JetStreamApiError;

const isClosed = ({ name }: Error): boolean =>
  name === 'ClosedConnectionError' || name === 'DrainingConnectionError';
