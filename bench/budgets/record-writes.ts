/** How many durable writes an exit of the choreographed form makes, as JetStream counts them. */
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { EXITS } from '../../src/choreography/jetstream/streams.js';
import { eventually } from '../../test/support/eventually.js';
import type { Arm } from './arm.js';
import { runToEnd } from './rate.js';

interface Writes {
  events: number;
  records: Record<string, number>;
}

/** What is counted is shared among so many. */
export const EXITS_COUNTED = 10;

export const recordWritesAnExit = async (arm: Arm): Promise<number> =>
  Object.values((await writesAnExit(arm)).records).reduce((sum, count) => sum + count, 0);

/** Of exits one after another, that are retained. */
export async function writesAnExit(arm: Arm): Promise<Writes> {
  const connection = await connect({ servers: arm.url! });
  try {
    const manager = await jetstreamManager(connection);
    const lastSequences = async (): Promise<Map<string, number>> => {
      const all = new Map<string, number>();
      for await (const { config, state } of manager.streams.list()) all.set(config.name, state.last_seq);
      return all;
    };
    await runToEnd(arm);
    const before = await settled(lastSequences);
    for (let i = 0; i < EXITS_COUNTED; i += 1) await runToEnd(arm);
    const after = await settled(lastSequences);
    const counts = [...after].map(([name, last]) => {
      const count = (last - (before.get(name) ?? 0)) / EXITS_COUNTED;
      return [name, count] as const;
    });
    return {
      events: counts.find(([name]) => name === EXITS)![1],
      records: Object.fromEntries(
        counts
          .filter(([name, count]) => name.startsWith('KV_') && count > 0)
          .map(([name, count]) => [name.slice('KV_'.length), count]),
      ),
    };
  } finally {
    await connection.close();
  }
}

/** The last effect of an exit is seen before its last record is written. */
async function settled(ask: () => Promise<Map<string, number>>): Promise<Map<string, number>> {
  let last = await ask();
  let since = performance.now();
  return eventually('no further writes', async () => {
    const now = await ask();
    if (JSON.stringify([...now]) !== JSON.stringify([...last])) since = performance.now();
    last = now;
    return performance.now() - since > 500 ? now : undefined;
  });
}
