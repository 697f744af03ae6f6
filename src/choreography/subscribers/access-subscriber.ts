/** The access service: one consumer per critical system, so that systems do not share an outage or a rate limit. */
import type { Exit } from '../../exit/exit.js';
import { noHold, observed, perform, type Goal, type Held, type Performer } from '../../exit/hold.js';
import type { AccessService } from '../../services/access/access.js';
import type { AwaitSlot } from '../jetstream/rate-limit.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscription.js';
import { isTriggered, RetryLater, type Task } from './tasks.js';

export interface AccessOptions {
  service: AccessService;
  /** Longer where the system has a rate limit. */
  attemptTimeoutMs?: number | undefined;
  /** The system's rate limit, if any. */
  awaitSlot?: AwaitSlot | undefined;
  /** Milliseconds since the epoch; the model test has its own clock. */
  now?: () => number;
}

export function accessSubscription(
  system: string,
  { service, attemptTimeoutMs, awaitSlot, now = Date.now }: AccessOptions,
): Subscription<Held> {
  /** Carries the hold to a goal. The record is its memory, and is saved before each write. */
  async function carryTo(goal: Goal, record: Leased<Held>, exit: Exit) {
    const { employeeId, plan, resignation } = exit;
    const kind = plan!.systems.find(({ name }) => name === system)!.hold;
    const on = { system, kind, lateWriteMs: plan!.policy.lateWriteMs, goal };
    const { signal } = record;
    const performer: Performer = {
      get held() {
        return record.value;
      },
      set held(held) {
        record.value = held;
      },
      now,
      save: () => record.save(),
      capture: () => service.capture(employeeId, kind, signal),
      block: ({ account, tried }) => {
        const trying = (taken: Held['taken']) => {
          record.value = observed(record.value, { trying: structuredClone(taken) }, { ...on, now: now() });
          // One save for both: capture and intent are durable before the first write.
          return record.save();
        };
        const overridesProtection = resignation.overrideBy !== undefined;
        return service.block(account, kind, tried, trying, signal, { overridesProtection });
      },
      restore: ({ account, taken, blockedVersion }) =>
        service.restore(account, taken, signal, blockedVersion),
      revoke: ({ account, removing }) =>
        service.revoke(employeeId, account, signal, removing, (groups) => {
          record.value = { ...record.value, removing: groups };
          return record.save();
        }),
      wait: (until) => {
        throw new RetryLater(Date.parse(until) - now(), `a late block on ${system} may still land`);
      },
    };
    const notes = await perform(performer, on);
    return { notes, about: { system, hold: kind } };
  }

  const block: Task<Held> = {
    step: 'block-access',
    system,
    async run(record, exit) {
      const drift = exit.blocks.get(system)?.drifts.at(-1);
      const { notes, about } = await carryTo({ to: 'block', drift }, record, exit);
      const { capture, taken } = record.value;
      const identities = capture?.account?.identities ?? [];
      return { type: 'access.blocked', data: { ...about, capture, taken, identities, notes } };
    },
  };
  const restore: Task<Held> = {
    step: 'restore-access',
    system,
    async run(record, exit) {
      const { state, by } = exit.step('block-access', system) ?? {};
      const blockedByHandBy = state === 'done-by-hand' ? by : undefined;
      const { notes, about } = await carryTo({ to: 'restore', blockedByHandBy }, record, exit);
      const { restored } = record.value;
      return {
        type: 'access.restored',
        data: { ...about, ...unreportedBlock(record.value), ...restored, notes },
      };
    },
  };
  const revoke: Task<Held> = {
    step: 'revoke-access',
    system,
    async run(record, exit) {
      const { notes, about } = await carryTo({ to: 'revoke' }, record, exit);
      const { revoked } = record.value;
      return {
        type: 'access.revoked',
        data: { ...about, ...unreportedBlock(record.value), ...revoked, notes },
      };
    },
  };
  const tasks = [block, restore, revoke];

  return {
    consumer: `access-${system}`,
    description: `Blocks ${system} on a resignation; restores or revokes access on the decision`,
    service: 'access',
    events: ['employee.resigned', 'access.drifted', 'exit.decision-finalised', 'step.resolved'],
    tasks,
    memory: { bucket: 'exit-access', empty: noHold, of: system },
    attemptTimeoutMs,
    awaitSlot,
    taskOf(event, exit) {
      if (event.type !== 'access.drifted') return tasks.find((task) => isTriggered(task, event, exit));
      // Under `onDrift: reassert` the exit has reopened the block; under `report` it waits for an operator.
      const isReasserted = exit.step(block.step, system)?.state === 'running';
      return event.data.system === system && isReasserted ? block : undefined;
    },
  };
}

/** The capture of an unfinished block, which published no `access.blocked`. */
const unreportedBlock = ({ blocked, capture, taken }: Held) =>
  blocked || !capture ? {} : { capture, taken };
