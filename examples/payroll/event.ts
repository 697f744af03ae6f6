/** The events of exits as this program reads and says them: CloudEvents 1.0 in binary mode, as the contract (asyncapi.yaml) has it. */
import type { JsMsg } from '@nats-io/jetstream';
import { headers, InvalidArgumentError, type MsgHdrs } from '@nats-io/transport-node';
import type { Decided, Resigned } from './final-pay.js';

export const RESIGNED = 'employee.resigned';
export const DECIDED = 'exit.decision-finalised';

export type Heard = {
  id: string;
  employeeId: string;
  exitId: string;
  /** When the stream took it: ISO 8601, UTC. */
  at: string;
} & ({ type: typeof RESIGNED; data: Resigned } | { type: typeof DECIDED; data: Decided });

/** A message that does not keep to the contract: no retry will mend it. */
export class Rubbish extends Error {
  override readonly name = 'Rubbish';
}

/** @throws Rubbish */
export function read(message: JsMsg): Heard {
  const [, employeeId = '', exitId = '', ...rest] = message.subject.split('.');
  const type = rest.join('.');
  const found = headersOf(message);
  const attribute = (name: string): string => found?.get(`ce-${name}`) ?? '';
  if (attribute('specversion') !== '1.0' || attribute('type') !== type)
    throw new Rubbish(`${message.subject} is no CloudEvent 1.0 of the type ${type}`);
  const id = attribute('id');
  if (id === '') throw new Rubbish(`${message.subject} has no ce-id`);
  const about = { id, employeeId, exitId, at: message.time.toISOString() };
  const data = dataOf(message);
  if (type === RESIGNED && isResigned(data) && data.employeeId === employeeId)
    return { ...about, type, data };
  if (type === DECIDED && isDecided(data)) return { ...about, type, data };
  throw new Rubbish(`the data of ${message.subject} are not those of ${type}`);
}

function headersOf(message: JsMsg): MsgHdrs | undefined {
  try {
    return message.headers;
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new Rubbish(`the headers of ${message.subject} cannot be read`, { cause: error });
  }
}

function dataOf(message: JsMsg): Record<string, unknown> {
  try {
    const data = message.json<unknown>();
    if (typeof data === 'object' && data !== null) return data as Record<string, unknown>;
  } catch (error) {
    throw new Rubbish(`the data of ${message.subject} are not JSON`, { cause: error });
  }
  throw new Rubbish(`the data of ${message.subject} are no object`);
}

const isTextOrMissing = (value: unknown): boolean => value === undefined || typeof value === 'string';

const isResigned = (data: object): data is Resigned =>
  'employeeId' in data && isTextOrMissing((data as Partial<Resigned>).lastWorkingDay);

const isDecided = (data: object): data is Decided =>
  'outcome' in data &&
  (data.outcome === 'retained' || data.outcome === 'leaving') &&
  isTextOrMissing((data as Partial<Decided>).effectiveAt);

export interface Said {
  subject: string;
  msgID: string;
  headers: MsgHdrs;
}

/** An event that follows from another one. Its id is the same each time it is said. */
export function follow({ id: causeId, employeeId, exitId }: Heard, type: string): Said {
  const id = `${causeId}/${type}`;
  const message = headers();
  const attributes = {
    specversion: '1.0',
    id,
    source: '/payroll',
    type,
    time: new Date().toISOString(),
    subject: exitId,
    correlationid: exitId,
    causationid: causeId,
  };
  for (const [name, value] of Object.entries(attributes)) message.set(`ce-${name}`, value);
  message.set('content-type', 'application/json');
  const subject = `exit.${employeeId}.${exitId}.${type}`;
  return { subject, msgID: `${employeeId} ${exitId} ${id}`, headers: message };
}
