/** Reads what JetStream knows of the services and of what open exits wait for. It changes nothing, and joins no consumer. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ConsumerInfo, MsgRequest } from '@nats-io/jetstream';
import type { Finding, Inspection, WaitingStep } from '../../exit/finding.js';
import { foldLog } from '../../exit/fold.js';
import { findingOf } from '../../exit/opening-reminders.js';
import type { Review } from '../../exit/review.js';
import { isSettled } from '../../exit/status.js';
import { readDeadLetters } from '../dead-letters/read.js';
import { readAttempts } from '../jetstream/attempts.js';
import type { Bus } from '../jetstream/bus.js';
import { openingKeys } from '../jetstream/opening-keys.js';
import { ADVISORIES, DEAD_LETTERS, EXITS } from '../jetstream/streams.js';
import { ifExists } from '../jetstream/with-retry.js';
import { openRows, readExitList } from './exit-list.js';

/** A process that has its hands full pulls nothing for a moment. */
const LOOK_AGAIN_MS = 1_000;
/** A process that takes one message at a time, for a system with a rate limit, may be busy this long with it. */
const BUSY_FOR_MS = 120_000;

export async function inspectJetStream(bus: Bus, review: Review): Promise<Inspection> {
  const streams = await Promise.all([EXITS, DEAD_LETTERS, ADVISORIES].map((name) => isThere(bus, name)));
  if (streams.includes(false))
    return {
      findings: [
        {
          about: 'consumer',
          name: 'all',
          isWell: 'no',
          remark: `the stream ${EXITS} does not exist, since no service has run: start the services`,
        },
      ],
      waiting: [],
    };
  const [consumers, openings, letters, waiting] = await Promise.all([
    inspectConsumers(bus),
    openingKeys(bus).waiting(),
    readDeadLetters(bus),
    readWaiting(bus),
  ]);
  const open = letters.filter(({ replayedAt }) => replayedAt === undefined);
  // Those that hold up an exit are steps that need attention.
  const lettersFound: Finding = {
    ...{ about: 'dead letters', name: DEAD_LETTERS, isWell: 'yes', count: open.length },
    remark:
      open.length > 0
        ? `${open.length} not replayed, the newest of ${open.at(-1)!.at}: ems dead-letters`
        : undefined,
  };
  const wait = findingOf(openings, review, new Date().toISOString());
  return { findings: [...consumers, lettersFound, ...wait], waiting };
}

const isThere = async ({ jsm }: Bus, name: string): Promise<boolean> =>
  (await ifExists(`The stream ${name} cannot be read`, () => jsm.streams.info(name))) !== undefined;

async function durableConsumers({ jsm }: Bus): Promise<ConsumerInfo[]> {
  const all: ConsumerInfo[] = [];
  for await (const info of jsm.consumers.list(EXITS)) if (info.config.durable_name) all.push(info);
  return all;
}

export async function inspectConsumers(bus: Bus): Promise<Finding[]> {
  const first = await durableConsumers(bus);
  if (first.length === 0)
    return [
      { about: 'consumer', name: 'all', isWell: 'no', remark: 'no service has run: start the services' },
    ];
  const idle = first.filter(isIdle);
  if (idle.length > 0) await pause(LOOK_AGAIN_MS);
  const again = idle.length > 0 ? await durableConsumers(bus) : [];
  return Promise.all(
    first.map(async (before): Promise<Finding> => {
      const { name } = before;
      const now = again.find((each) => each.name === name) ?? before;
      const oldestUnacknowledged = await oldestOf(bus, now);
      const finding = { about: 'consumer' as const, name, oldestUnacknowledged };
      const moved = now.delivered.consumer_seq !== before.delivered.consumer_seq;
      if (!isIdle(before) || !isIdle(now) || moved) return { ...finding, isWell: 'yes' };
      // The library's type says nanoseconds; the server says when.
      const agoMs = Date.now() - Date.parse(String(now.delivered.last_active));
      if (now.num_ack_pending > 0 && agoMs < BUSY_FOR_MS)
        return {
          ...{ ...finding, isWell: 'cannot tell' },
          remark: `no process pulls; one may be busy with what it was given ${Math.round(agoMs / 1000)} s ago`,
        };
      return {
        ...{ ...finding, isWell: 'no' },
        remark: `no process pulls, and messages wait: ${now.num_pending + now.num_ack_pending}. Start its service, or delete the consumer where its system or step left the configuration`,
      };
    }),
  );
}

/** No pull request waits at the consumer. */
const isIdle = ({ num_waiting: pulls }: ConsumerInfo): boolean => pulls === 0;

/** @returns when the oldest message was stored that is not acknowledged, ISO 8601 */
async function oldestOf({ find }: Bus, info: ConsumerInfo): Promise<string | undefined> {
  const { num_ack_pending: delivered, num_pending: ahead, ack_floor: floor, config } = info;
  if (delivered + ahead === 0) return undefined;
  const filters = config.filter_subjects ?? [config.filter_subject ?? '>'];
  const times = await Promise.all(
    filters.map(async (subject) => {
      const query = { seq: floor.stream_seq + 1, next_by_subj: subject } as MsgRequest;
      return (await find(EXITS, query))?.time.toISOString();
    }),
  );
  return times.filter((time) => time !== undefined).toSorted()[0];
}

async function readWaiting(bus: Bus): Promise<WaitingStep[]> {
  const [rows, attempts] = await Promise.all([readExitList(bus), readAttempts(bus)]);
  const open = openRows(rows);
  const isOpen = new Set(open.map(({ exitId }) => exitId));
  const stuck = open.flatMap(({ employeeId, stuckSteps }) =>
    stuckSteps.map(({ name: step, system, error = '' }) => ({ employeeId, step, system, error })),
  );
  const tried = await Promise.all(
    attempts
      .filter(({ exitId }) => isOpen.has(exitId))
      .map(async ({ employeeId, exitId, step, system, error, failedAt, failingSince: since }) => {
        const { events } = await bus.read(employeeId);
        const exit = foldLog(events, new Date().toISOString()).exits.get(exitId);
        const now = exit?.step(step, system);
        const isOver = !exit || !now || isSettled(now) || failedAt < (exit.triedSince(now) ?? '');
        return isOver ? [] : { employeeId, step, system, error, since };
      }),
  );
  // A step that is tried and needs attention counts once, with its date.
  const told = tried.flat();
  const isTold = (one: WaitingStep): boolean =>
    told.some(
      (each) => each.employeeId === one.employeeId && each.step === one.step && each.system === one.system,
    );
  return [...told, ...stuck.filter((one) => !isTold(one))];
}
