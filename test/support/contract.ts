/** asyncapi.yaml as a test holds messages to it. */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import type { Bus } from '../../src/choreography/jetstream/bus.js';
import { rawOf, readAll } from '../../src/choreography/jetstream/log.js';
import { DEAD_LETTERS, EXITS } from '../../src/choreography/jetstream/streams.js';

const contractFile = 'src/choreography/asyncapi.yaml';
export const contractText = readFileSync(contractFile, 'utf8');

export type Schema = Record<string, unknown>;
interface Ref {
  $ref: string;
}
interface Message {
  payload: Schema;
  examples?: { headers?: Record<string, string>; payload: Record<string, unknown> }[];
}

/** As far as it is read here. */
interface Contract {
  channels: Record<string, { address: string; messages: Record<'event' | 'letter', Message> }>;
  operations: Record<string, { action: 'send' | 'receive'; channel: Ref; tags: { name: string }[] }>;
  'x-services': Record<string, string[]>;
  'x-observers': string[];
  'x-promises': Record<string, { on: string; event: string; step: string; when?: object }[]>;
  components: { schemas: Record<string, Schema> };
}

export const contract = parse(contractText) as Contract;

const LETTERS = 'dead-letters';

/** The channels that are events of an exit, which are named as their events are. */
export const documentedEvents = Object.keys(contract.channels).filter((name) => name !== LETTERS);

/** The source of an operation by its tag, as in `ce-source`: the service of a consumer, or the client. */
export function sourceOf(tag: string): string {
  const [service = tag] =
    Object.entries(contract['x-services']).find(([, consumers]) => consumers.includes(tag)) ?? [];
  return `/ems/${service}`;
}

/** Headers that other programs may leave out, and our services may not. */
const ours = ['ce-subject', 'ce-time', 'ce-correlationid', 'content-type', 'Nats-Msg-Id'];

const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(contract, 'contract');
const validators = new Map<string, { headers: ValidateFunction; payload: ValidateFunction }>();

/** @returns in one line each what is wrong with a message: an event, or a dead letter */
export function problemsOf(channel: string, headers: Record<string, string>, payload: unknown): string[] {
  if (!(channel in contract.channels)) return [`${channel} is not in ${contractFile}`];
  const compile = (place: string): ValidateFunction => ajv.compile({ $ref: `contract#/${place}` });
  const message = `channels/${channel}/messages/${channel === LETTERS ? 'letter' : 'event'}`;
  let validate = validators.get(channel);
  if (!validate) {
    const trait = 'components/messageTraits/cloud-event';
    validate = {
      headers: compile(`${channel === LETTERS ? message : trait}/headers`),
      payload: compile(`${message}/payload`),
    };
    validators.set(channel, validate);
  }
  const errors = (part: 'headers' | 'payload', value: unknown): string[] =>
    validate[part](value) ? [] : [`${part} of ${channel}: ${ajv.errorsText(validate[part].errors)}`];
  const isOther = channel !== LETTERS && headers['ce-type'] !== channel;
  return [
    ...(isOther ? [`ce-type is not ${channel}`] : []),
    ...errors('headers', headers),
    ...errors('payload', payload),
  ];
}

interface Emitted {
  type: string;
  source: string;
}

/**
 * Holds all that our services and our client have put into the streams to the contract.
 * @returns what they published
 * @throws Error that names every message that does not keep to it
 */
export async function checkStreams(bus: Bus): Promise<Emitted[]> {
  const emitted: Emitted[] = [];
  const problems: string[] = [];
  for await (const { seq, subject, headers, text } of messagesOf(bus, EXITS)) {
    const { 'ce-type': type = '', 'ce-source': source = '', 'ce-subject': exitId, 'ce-id': id } = headers;
    // Other messages come from other programs, or are rubbish of a test.
    if (!source.startsWith('/ems/')) continue;
    emitted.push({ type, source });
    const found = problemsOf(type, headers, JSON.parse(text));
    const address = contract.channels[type]?.address.replace('{exitId}', exitId ?? '');
    if (address !== subject.replace(/^exit\.[^.]+/, 'exit.{employeeId}'))
      found.push('the subject is another');
    const isFirst = type === 'employee.resigned';
    for (const name of isFirst ? ours : [...ours, 'ce-causationid'])
      if (headers[name] === undefined) found.push(`${name} is missing`);
    if (headers['ce-correlationid'] !== exitId) found.push('ce-correlationid is not the exit id');
    const [, employeeId] = subject.split('.');
    // A dead letter that is put before its consumer again is a copy, with an id of its own.
    if (!headers['dead-letter-replay-of'] && headers['Nats-Msg-Id'] !== `${employeeId} ${exitId} ${id}`)
      found.push('Nats-Msg-Id is not made of the ids');
    problems.push(...found.map((problem) => `${subject} (${seq}): ${problem}`));
  }
  for await (const { seq, subject, headers, text } of messagesOf(bus, DEAD_LETTERS)) {
    const found = problemsOf(LETTERS, headers, text);
    // Worked out from what the contract says, and not by the code that is held to it.
    const original = Buffer.from(headers['dead-letter-subject']?.replaceAll(/[*>]/g, '_') ?? '');
    const shortened = original.subarray(0, 1_000).toString().replace(/\.+$/, '');
    const address = `dead-letter.${headers['dead-letter-consumer']}.${shortened}`;
    if (address !== subject) found.push(`the subject is not ${address}`);
    problems.push(...found.map((problem) => `${subject} (${seq}): ${problem}`));
  }
  if (problems.length > 0) throw new Error(`Not as ${contractFile} says:\n${problems.join('\n')}`);
  return emitted;
}

async function* messagesOf(bus: Bus, stream: string) {
  for await (const message of readAll(bus, stream)) {
    const { seq, subject, headers: header = [], data } = rawOf(message);
    const headers = Object.fromEntries([...header].map(([name, [value = '']]) => [name, value]));
    yield { seq, subject, headers, text: new TextDecoder().decode(bus.dataKeys.open(data)) };
  }
}
