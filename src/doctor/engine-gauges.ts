/** What both engines tell of the open exits, as metrics of this process. Of an engine that does not answer there is no figure. */
import { setTimeout as pause } from 'node:timers/promises';
import { Gauge, register } from 'prom-client';
import { connectBus } from '../choreography/jetstream/bus.js';
import { openingKeys } from '../choreography/jetstream/opening-keys.js';
import { figuresOfJetStream } from '../choreography/observing/figures-of-jetstream.js';
import type { NatsConfig } from '../config/environment.js';
import type { Figures } from '../exit/figures.js';
import type { Finding } from '../exit/finding.js';
import { connectClient, type TemporalConfig } from '../temporal/connect-orchestrated.js';
import { figuresOfTemporal } from '../temporal/figures-of-temporal.js';

/** Several servers of metrics may ask at once. */
const ASKED_EVERY_MS = 5_000;
/** Prometheus gives up after 10 s. */
const ANSWER_WITHIN_MS = 8_000;

interface Sample extends Figures {
  consumers?: Finding[];
  deadLetters?: number;
}

interface Engine {
  form: string;
  /** Undefined where the engine does not answer in time. */
  sample: () => Promise<Sample | undefined>;
}

interface Connected {
  read: () => Promise<Sample>;
  close: () => Promise<void>;
}

/** @returns takes the metrics away, and closes the connections */
export function gaugeEngines({
  temporal,
  nats,
}: {
  temporal: TemporalConfig | undefined;
  nats: NatsConfig | undefined;
}): () => Promise<void> {
  const closing: (() => Promise<void>)[] = [];
  const engine = (form: string, connect: () => Promise<Connected>): Engine => {
    let connection: Promise<Connected> | undefined;
    let latest: { sample: Promise<Sample | undefined>; at: number } | undefined;
    closing.push(async () => (await connection?.catch(() => undefined))?.close());
    const read = async (): Promise<Sample | undefined> => {
      connection ??= connect();
      try {
        const { read } = await connection;
        return await Promise.race([read(), pause(ANSWER_WITHIN_MS, undefined, { ref: false })]);
      } catch {
        // `ems_engine_reached` tells; the next reading connects anew.
        const failed = connection;
        connection = undefined;
        void failed.then(({ close }) => close()).catch(() => undefined);
        return undefined;
      }
    };
    return {
      form,
      sample() {
        if (!latest || Date.now() - latest.at > ASKED_EVERY_MS) latest = { sample: read(), at: Date.now() };
        return latest.sample;
      },
    };
  };
  const gauges = defineGauges([
    ...(temporal
      ? [
          engine('orchestrated', async () => {
            const { client, close } = await connectClient(temporal);
            return { read: () => figuresOfTemporal(client), close };
          }),
        ]
      : []),
    ...(nats
      ? [
          engine('choreographed', async () => {
            const bus = await connectBus(nats, 'ems metrics');
            const openings = openingKeys(bus);
            return { read: () => figuresOfJetStream(bus, openings), close: () => bus.close() };
          }),
        ]
      : []),
  ]);
  return async () => {
    for (const { name } of gauges as (Gauge & { name: string })[]) register.removeSingleMetric(name);
    await Promise.all(closing.map((close) => close()));
  };
}

type Value = [labels: Record<string, string>, value: number];

function defineGauges(engines: readonly Engine[]): Gauge[] {
  const defined: Gauge[] = [];
  const define = (
    name: string,
    help: string,
    labels: string[],
    collect: (gauge: Gauge) => Promise<void>,
  ): void => {
    const gauge: Gauge = new Gauge({
      ...{ name, help, labelNames: ['form', ...labels] },
      collect: () => collect(gauge),
    });
    defined.push(gauge);
  };
  const gauge = (name: string, help: string, labels: string[], valuesIn: (sample: Sample) => Value[]): void =>
    define(name, help, labels, async (of) => {
      const samples = await Promise.all(
        engines.map(async ({ form, sample }) => ({ form, seen: await sample() })),
      );
      of.reset();
      for (const { form, seen } of samples)
        for (const [named, value] of seen ? valuesIn(seen) : []) of.set({ form, ...named }, value);
    });
  const consumers = (of: Sample, valueOf: (finding: Finding) => number | undefined): Value[] =>
    (of.consumers ?? []).flatMap((finding): Value[] => {
      const value = valueOf(finding);
      return value === undefined ? [] : [[{ consumer: finding.name }, value]];
    });

  define('ems_engine_reached', 'Whether the engine of the form answers', [], async (of) => {
    for (const { form, sample } of engines) of.set({ form }, (await sample()) ? 1 : 0);
  });
  gauge('ems_open_exits', 'Open exits by phase', ['phase'], ({ open }) =>
    [...open].map(([phase, count]) => [{ phase }, count]),
  );
  gauge('ems_exits_needing_attention', 'Open exits with a step that needs attention', [], (of) => [
    [{}, of.needsAttention],
  ]);
  gauge('ems_exits_overdue', 'Open exits whose decision is overdue', [], ({ overdue }) => [[{}, overdue]]);
  gauge(
    'ems_oldest_undecided_seconds',
    'Age of the oldest open exit without a decision; 0 without one',
    [],
    ({ oldestUndecided }) => [[{}, oldestUndecided === undefined ? 0 : secondsSince(oldestUndecided)]],
  );
  gauge('ems_openings_waiting', 'Openings that wait for a second person', [], ({ openings }) => [
    [{}, openings.count],
  ]);
  gauge(
    'ems_oldest_waiting_opening_seconds',
    'Age of the oldest opening that waits for a second person; 0 without one',
    [],
    ({ openings: { oldest } }) => [[{}, oldest === undefined ? 0 : secondsSince(oldest)]],
  );
  gauge('ems_consumer_pulled', 'Whether a process pulls the messages of the consumer', ['consumer'], (of) =>
    consumers(of, ({ isWell }) => ({ yes: 1, no: 0, 'cannot tell': undefined })[isWell]),
  );
  gauge(
    'ems_consumer_oldest_unacknowledged_seconds',
    'Age of the oldest message that the consumer has not acknowledged; one may wait for a decision',
    ['consumer'],
    (of) => consumers(of, ({ oldestUnacknowledged: at }) => (at === undefined ? 0 : secondsSince(at))),
  );
  gauge('ems_dead_letters', 'Messages in the stream of dead letters', [], ({ deadLetters }) =>
    deadLetters === undefined ? [] : [[{}, deadLetters]],
  );
  return defined;
}

const secondsSince = (iso: string): number => (Date.now() - Date.parse(iso)) / 1000;
