/**
 * Shows what the official `nats` command shows of JetStream, on machines that do not have it. It knows nothing of exits.
 *
 * - `node plain-reads.js view <stream> <subject>` is `nats stream view <stream> --subject <subject>`.
 * - `node plain-reads.js report <stream>` is `nats consumer report <stream>`.
 */
import { jetstreamManager, type MsgRequest } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [what, stream, subject = '>'] = process.argv.slice(2);
const connection = await connect({ servers: process.env['NATS_URL']! });
const jsm = await jetstreamManager(connection);
if (what === 'view') await view();
else if (what === 'report') await report();
else throw new Error(`There is no "${what}": view <stream> <subject>, or report <stream>`);
await connection.close();

async function view(): Promise<void> {
  for (let seq = 1; ;) {
    const query = { seq, next_by_subj: subject } as MsgRequest;
    const message = await jsm.streams.getMessage(stream!, query);
    if (!message) return;
    console.log(`[${message.seq}] Subject: ${message.subject} Received: ${message.time.toISOString()}`);
    for (const [name, values] of message.header ?? []) console.log(`  ${name}: ${values.join(', ')}`);
    console.log(`\n${message.string()}\n`);
    seq = message.seq + 1;
  }
}

async function report(): Promise<void> {
  console.log('Consumer\tAck Pending\tRedelivered\tUnprocessed\tWaiting Pulls');
  for await (const info of jsm.consumers.list(stream!))
    console.log(
      [info.name, info.num_ack_pending, info.num_redelivered, info.num_pending, info.num_waiting].join('\t'),
    );
}
