/** CloudEvents 1.0, NATS protocol binding, binary content mode: attributes are `ce-` headers, the data is the JSON payload. */
import type { JsMsg, StoredMsg } from '@nats-io/jetstream';
import { headers, InvalidArgumentError, Match, type MsgHdrs } from '@nats-io/transport-node';
import {
  isEventType,
  isOurs,
  longestId,
  parseEventData,
  parseSubject,
  type AnyEvent,
  type ExitEvent,
  type StoredEvent,
} from '../../exit/events.js';
import type { Parsed } from '../../exit/input.js';
import { MissingDataKey, type DataKeys } from '../../config/data-keys.js';

const JSON_TYPE = 'application/json';
/** RFC 7515 §9.2.1. */
const JOSE_TYPE = 'application/jose';

export function headersOf(
  { id, source, type, time, exitId, causationId }: ExitEvent,
  { kid }: DataKeys,
): MsgHdrs {
  const message = headers();
  const attributes = {
    specversion: '1.0',
    id,
    source,
    type,
    time,
    subject: exitId,
    correlationid: exitId,
    causationid: causationId,
  };
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) message.set(`ce-${name}`, value);
  message.set('content-type', kid === undefined ? JSON_TYPE : JOSE_TYPE);
  return message;
}

/** The headers of a delivered or stored message. The server accepts any bytes as headers; malformed ones count as absent. */
export function headersIn(message: JsMsg | StoredMsg): MsgHdrs | undefined {
  try {
    return 'header' in message ? message.header : message.headers;
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}

/** A delivered or stored message. */
export interface RawMessage {
  subject: string;
  headers: MsgHdrs | undefined;
  data: Uint8Array;
  seq: number;
  storedAt: string;
}

/** Validates a message as an EMS event: any program may publish to the stream. The problem is one sentence. */
export function parseMessage(message: RawMessage, keys: DataKeys): Parsed<StoredEvent> {
  const parsed = parseAny(message, keys);
  if (!parsed.ok) return parsed;
  const event = parsed.value;
  if (isOurs(event)) return { ok: true, value: event };
  return { ok: false, problem: `the subject ${message.subject} does not end in an event type of an exit` };
}

/** Validates the CloudEvents attributes of any event, and the data of EMS events only. */
export function parseAny(
  { subject, headers, data, seq, storedAt }: RawMessage,
  keys: DataKeys,
): Parsed<AnyEvent> {
  const refuse = (problem: string): Parsed<AnyEvent> => ({ ok: false, problem });
  const place = parseSubject(subject);
  if (!place.ok) return place;
  const { employeeId, exitId, type } = place.value;
  const attribute = (name: string): string | undefined =>
    headers?.get(`ce-${name}`, Match.IgnoreCase) || undefined;

  const version = attribute('specversion');
  if (version !== '1.0') return refuse(`ce-specversion must be 1.0, not ${shown(version)}`);
  const id = attribute('id');
  const source = attribute('source');
  if (id === undefined || source === undefined) return refuse('ce-id and ce-source must be set');
  if (id.length > longestId(type)) return refuse(`ce-id must be at most ${longestId(type)} characters`);
  if (attribute('type') !== type)
    return refuse(`ce-type must be ${type}, as the subject says, not ${shown(attribute('type'))}`);
  for (const name of ['subject', 'correlationid']) {
    const value = attribute(name);
    if (value !== undefined && value !== exitId)
      return refuse(`ce-${name} must be ${exitId}, as the subject says, not ${shown(value)}`);
  }
  const parsed = parseData(type, data, keys);
  if (!parsed.ok) return parsed;
  const event = {
    type,
    id,
    source,
    time: attribute('time') ?? storedAt,
    employeeId,
    exitId,
    causationId: attribute('causationid'),
    data: parsed.value,
    seq,
    storedAt,
  };
  return { ok: true, value: event };
}

function parseData(type: string, data: Uint8Array, keys: DataKeys): Parsed<unknown> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(keys.open(data)));
  } catch (error) {
    if (error instanceof MissingDataKey) throw error;
    if (!isEventType(type)) return { ok: true, value: undefined };
    return { ok: false, problem: `the data is not JSON: ${(error as Error).message}` };
  }
  return isEventType(type) ? parseEventData(type, json) : { ok: true, value: json };
}

const shown = (value: string | undefined): string => JSON.stringify(value?.slice(0, 100)) ?? 'missing';
