/** An arm on JetStream: the choreographed form, with our services or with none, or nothing but as many durable writes. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { connectBus } from '../../src/choreography/jetstream/bus.js';
import { choreographedExits } from '../../src/choreography/client/choreographed-exits.js';
import { loadConfig } from '../../src/config/config.js';
import { natsConfigOf } from '../../src/config/environment.js';
import { findNats } from '../../src/local/find-nats.js';
import { startNats } from '../../src/local/nats-server.js';
import type { Arm } from './arm.js';
import { writeConfig } from './config-file.js';
import { watchEffects, type Effects } from './effects.js';
import { directory } from './no-op-services.js';
import { startMeasured } from './measured-child.js';
import { freePort } from '../../src/local/ports.js';

const module = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

interface JetStreamArm {
  label: string;
  folder: string;
  on: readonly string[] | { env: Record<string, string>; effects: Effects };
  /** JetStream alone, with so many writes of records an exit. */
  bareWrites?: number;
}

export async function startJetStreamArm({
  label,
  folder: parent,
  on,
  bareWrites,
}: JetStreamArm): Promise<Arm> {
  const folder = path.join(parent, label.replaceAll(/\W+/g, '-'));
  await mkdir(folder, { recursive: true });
  const isNoOp = !('effects' in on);
  const { env, systems } = await writeConfig(folder, isNoOp ? on : undefined);
  const effects = isNoOp ? watchEffects() : on.effects;
  const server = await startNats({
    ...{ program: await findNats((line) => console.error(line)), port: await freePort() },
    ...{ storeDir: path.join(folder, 'jetstream'), logFile: path.join(folder, 'nats.log') },
  });
  const childEnv = { ...env, ...(isNoOp ? {} : on.env), NATS_URL: server.url };
  const program =
    bareWrites !== undefined
      ? { module: module('./bare-jetstream.js'), args: [String(bareWrites), ...systems] }
      : isNoOp
        ? { module: module('./subscribers-process.js') }
        : { module: module('../../src/cli/main.js'), args: ['service', 'notification', 'hr', 'access'] };
  const services = await startMeasured(
    { name: label, ...program, env: childEnv, logFile: path.join(folder, 'services.log') },
    effects,
  );
  const client = await (bareWrites === undefined
    ? exitsOn(server.url, childEnv, isNoOp ? directory : undefined)
    : publisherOn(server.url));
  return {
    ...{ label, systems, effects, pids: { engine: server.pid, worker: services.pid } },
    url: server.url,
    open: client.open,
    retain: client.retain,
    async stop() {
      await client.close();
      await services.stop();
      await server.stop();
    },
  };
}

async function exitsOn(url: string, env: Record<string, string>, given: typeof directory | undefined) {
  const bus = await connectBus(natsConfigOf(url), 'bench');
  const exits = await choreographedExits(bus, loadConfig({}, env), undefined, given);
  return {
    open: async (employeeId: string) => void (await exits.open({ employeeId })),
    retain: async (employeeId: string) =>
      void (await exits.decide(employeeId, { outcome: 'retained', decidedBy: 'hr@acme.example' })),
    close: () => bus.close(),
  };
}

async function publisherOn(url: string) {
  const connection = await connect({ servers: url });
  const js = jetstream(connection);
  const say = (what: string) => async (employeeId: string) =>
    void (await js.publish(`bare.${employeeId}.${what}`, JSON.stringify({ employeeId })));
  return { open: say('resigned'), retain: say('decided'), close: () => connection.close() };
}
