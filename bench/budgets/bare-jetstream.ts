/**
 * JetStream alone, with as many durable writes as the choreographed form: each step is a message of a durable consumer, some writes of a
 * record and one event. `<record writes an exit>`, and then the systems, on NATS_URL.
 */
import { AckPolicy, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import type { Effect, Seen } from './effects.js';

const STREAM = 'BARE';
const [writes, ...systems] = process.argv.slice(2);

interface Step {
  on: 'resigned' | 'decided';
  effect: Effect;
}
const steps: Step[] = [
  ...systems.map((system): Step => ({ on: 'resigned', effect: `blocked:${system}` })),
  { on: 'resigned', effect: 'told' },
  { on: 'resigned', effect: 'employee-told' },
  { on: 'resigned', effect: 'invited' },
  ...systems.map((system): Step => ({ on: 'decided', effect: `ended:${system}` })),
  { on: 'decided', effect: 'outcome-told' },
  { on: 'decided', effect: 'withdrawn' },
];
/** The writes, spread evenly over the steps. */
const writesOf = steps.map((_, i) => share(i + 1) - share(i));
function share(steps_: number): number {
  return Math.round((steps_ * Number(writes)) / steps.length);
}

const connection = await connect({ servers: process.env['NATS_URL']!, noAsyncTraces: true });
const manager = await jetstreamManager(connection);
await manager.streams.add({ name: STREAM, subjects: ['bare.>'] });
const js = jetstream(connection);
const kv = await new Kvm(js).create('bare', { history: 1 });
const state = JSON.stringify({ by: 'bench', leasedUntil: 0, value: { captured: 'x'.repeat(500) } });

for (const [i, { on, effect }] of steps.entries()) {
  const name = effect.replace(':', '-');
  await manager.consumers.add(STREAM, {
    ...{ durable_name: name, ack_policy: AckPolicy.Explicit, filter_subject: `bare.*.${on}` },
  });
  const consumer = await js.consumers.get(STREAM, name);
  await consumer.consume({ callback: (message) => void perform(message, name, effect, writesOf[i]!) });
}
process.once('SIGTERM', () => void connection.close().then(() => process.exit(0)));
process.send!('ready');

/** One write after another, as a step makes them. */
async function perform(message: JsMsg, name: string, effect: Effect, count: number): Promise<void> {
  const employeeId = message.subject.split('.')[1]!;
  let previousSeq = 0;
  for (let i = 0; i < count; i += 1)
    previousSeq = await kv.put(`${employeeId}.${name}`, state, { previousSeq });
  await js.publish(`bare.${employeeId}.done.${name}`, state, { msgID: `${employeeId}.${name}` });
  message.ack();
  process.send!({ employeeId, effect, atMs: Date.now() } satisfies Seen);
}
