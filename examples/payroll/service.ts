/** Payroll as a durable consumer of the exits. It remembers, says, and acknowledges, in this order: a crash in between repeats. */
import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  type JetStreamClient,
  type JsMsg,
} from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { DECIDED, follow, read, RESIGNED, Rubbish, type Heard } from './event.js';
import { draft, settle, type FinalPay } from './final-pay.js';

const STREAM = 'EXITS';
const CONSUMER = 'payroll';
const BUCKET = 'payroll-final-pay';

const PREPARED = 'payroll.final-pay-prepared';
const DISCARDED = 'payroll.final-pay-discarded';

const WITHIN_MS = 60_000;
/** What payroll promises, for whoever observes. */
const promises = [
  { on: DECIDED, when: { outcome: 'leaving' }, event: PREPARED, within: WITHIN_MS },
  { on: DECIDED, when: { outcome: 'retained' }, event: DISCARDED, within: WITHIN_MS },
];

/** What JetStream answers where the condition of an append does not hold. */
const WRONG_LAST_SEQUENCE = new Set<number>([
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
]);
const ACK_WAIT_MS = 5_000;
const AGAIN_AFTER_MS = 1_000;

/** Runs until the connection ends, or the consumer is removed. */
export async function run(connection: NatsConnection): Promise<void> {
  const jsm = await jetstreamManager(connection);
  const js = jetstream(connection);
  const pays = await new Kvm(js).create(BUCKET, { history: 1, allow_direct: false });
  await jsm.consumers.add(STREAM, {
    durable_name: CONSUMER,
    description: 'Drafts the final pay on a resignation; prepares it, or discards the draft, on the decision',
    filter_subjects: [`exit.*.*.${RESIGNED}`, `exit.*.*.${DECIDED}`],
    ack_policy: AckPolicy.Explicit,
    // The exits of the past as well.
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(ACK_WAIT_MS),
    // One after the other, so that no decision overtakes its resignation: nothing here waits for anybody but NATS.
    max_ack_pending: 1,
    metadata: { promises: JSON.stringify(promises) },
  });
  const consumer = await js.consumers.get(STREAM, CONSUMER);
  const messages = await consumer.consume({ abort_on_missing_resource: true });
  console.error('payroll is ready');
  for await (const message of messages) await take(message, js, pays);
}

/** Takes payroll out again. What it has said stays in the record, as everything does. */
export async function remove(connection: NatsConnection): Promise<void> {
  const jsm = await jetstreamManager(connection);
  await jsm.consumers.delete(STREAM, CONSUMER);
  await jsm.streams.delete(`KV_${BUCKET}`);
}

async function take(message: JsMsg, js: JetStreamClient, pays: KV): Promise<void> {
  try {
    await act(read(message), js, pays);
    message.ack();
  } catch (error) {
    const { message: reason } = error as Error;
    console.error(`${message.subject} (${message.seq}): ${reason}`);
    // JetStream keeps the reason in its advisories.
    if (error instanceof Rubbish) message.term(reason);
    else message.nak(AGAIN_AFTER_MS);
  }
}

async function act(heard: Heard, js: JetStreamClient, pays: KV): Promise<void> {
  const key = `${heard.employeeId}.${heard.exitId}`;
  const entry = await pays.get(key);
  const known = entry?.json<FinalPay>();
  if (heard.type === RESIGNED) {
    if (!known) await pays.create(key, JSON.stringify(draft(heard.data, heard.at)));
    return;
  }
  if (!known) throw new Rubbish(`there is no draft for the exit ${heard.exitId}`);
  const settled = settle(known, heard.data, heard.at);
  if (settled) await pays.update(key, JSON.stringify(settled), entry!.revision);
  // Also where the pay was settled before: a crash may have come in between.
  const { state, ...pay } = settled ?? known;
  if (state !== 'draft') await sayOnce(heard, state === 'prepared' ? PREPARED : DISCARDED, pay, js);
}

/** JetStream forgets ids after minutes, and what a subject has for ever: the condition is that nothing has been said under it. */
async function sayOnce(heard: Heard, type: string, data: object, js: JetStreamClient): Promise<void> {
  const { subject, ...options } = follow(heard, type);
  try {
    await js.publish(subject, JSON.stringify(data), { ...options, expect: { lastSubjectSequence: 0 } });
  } catch (error) {
    if (!(error instanceof JetStreamApiError && WRONG_LAST_SEQUENCE.has(error.code))) throw error;
  }
}
