/** Services that join: `<how many>` durable consumers of every event, each with a connection of its own, that acknowledge and do no more. */
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { natsConfigOf } from '../../src/config/environment.js';

const count = Number(process.argv[2]);
const config = natsConfigOf(process.env['NATS_URL']!);

const stops = await Promise.all(Array.from({ length: count }, (_, i) => join(`joined-${i}`)));
process.once('SIGTERM', () => {
  void Promise.all(stops.map((stop) => stop())).then(() => process.exit(0));
});
process.send!('ready');

/** As asyncapi.yaml says under "To join". @returns what deletes the consumer, and so leaves */
async function join(name: string): Promise<() => Promise<void>> {
  const connection = await connect(config);
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(EXITS, {
    durable_name: name,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.New,
    filter_subject: 'exit.>',
  });
  const consumer = await jetstream(connection).consumers.get(EXITS, name);
  const messages = await consumer.consume({ callback: (message) => message.ack() });
  return async () => {
    await messages.close();
    await manager.consumers.delete(EXITS, name);
    await connection.close();
  };
}
