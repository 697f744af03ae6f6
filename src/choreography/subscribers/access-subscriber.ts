/** The access service: one consumer per critical system, so that systems do not share an outage or a rate limit. */
import type { Exit } from '../../exit/exit.js';
import { leftConfiguration } from '../../exit/failures.js';
import { showingOf, type GroupRef, type Taken } from '../../exit/hold-facts.js';
import type { Goal } from '../../exit/hold.js';
import {
  accountsOf,
  byAccount,
  evidenceOf,
  identitiesOf,
  othersOf,
  noHolds,
  performAll,
  type Holds,
  type HoldsPerformer,
} from '../../exit/holds.js';
import type { AccessService } from '../../services/access/access.js';
import type { AwaitSlot } from '../jetstream/rate-limit.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscription.js';
import { isTriggered, RetryLater, type Task } from './tasks.js';

/** The bucket. */
export const ACCESS_RECORDS = 'exit-access';

export interface AccessOptions {
  service: AccessService;
  /** Longer where the system has a rate limit. */
  attemptTimeoutMs?: number | undefined;
  /** The system's rate limit, if any. */
  awaitSlot?: AwaitSlot | undefined;
  /** The system knows the employee by a key that another system may tell. */
  learnsKeys?: boolean;
  /** Milliseconds since the epoch; the model test has its own clock. */
  now?: () => number;
}

export function accessSubscription(
  system: string,
  { service, attemptTimeoutMs, awaitSlot, learnsKeys = false, now = Date.now }: AccessOptions,
): Subscription<Holds> {
  /** Carries the hold to a goal. The record is its memory, and is saved before each write. */
  async function carryTo(goal: Goal, { step }: Task<Holds>, record: Leased<Holds>, exit: Exit) {
    const { person: employee, plan } = exit;
    const named = { chosen: exit.chosenAccounts(system), vouched: exit.vouchedAccounts(system) };
    const { hold: kind, manual } = plan!.systems.find(({ name }) => name === system)!;
    // The exit has its owner do it; the configuration has changed since.
    if (manual) throw leftConfiguration('system', system);
    const starts = exit.ledger.starts(step, system);
    const on = { system, kind, lateWriteMs: plan!.policy.lateWriteMs, goal, starts };
    const { signal } = record;
    const performer: HoldsPerformer = {
      get holds() {
        return record.value;
      },
      set holds(holds) {
        record.value = holds;
      },
      now,
      save: () => record.save(),
      capture: (held) => {
        const showing = showingOf(accountsOf(record.value));
        return service.capture(employee, kind, signal, { held, showing, ...named });
      },
      block: ({ account, tried }, apply) => {
        const trying = (taken: Taken) => {
          apply({ trying: structuredClone(taken) });
          // One save for both: capture and intent are durable before the first write.
          return record.save();
        };
        const overridesProtection = exit.overridesProtection(system);
        return service.block(account, kind, tried, trying, signal, { overridesProtection });
      },
      restore: ({ account, taken, earlier, giving: recorded }, apply) => {
        const giving = (groups: GroupRef[]) => {
          apply({ giving: groups });
          return record.save();
        };
        const others = othersOf(record.value, account);
        const options = { earlier, employee, ...named, others, recorded, giving };
        return service.restore(account, taken, signal, options);
      },
      revoke: ({ removing: earlier }, apply) => {
        const removing = (groups: GroupRef[]) => {
          apply({ removing: groups });
          return record.save();
        };
        return service.revoke(employee, accountsOf(record.value), signal, { ...named, earlier, removing });
      },
      wait: ({ until, why }) => {
        throw new RetryLater(Date.parse(until) - now(), `until ${why}`);
      },
    };
    const notes = await performAll(performer, on);
    return { notes, about: { system, hold: kind } };
  }

  const block: Task<Holds> = {
    step: 'block-access',
    system,
    savesFirst: true,
    async run(record, exit) {
      const drift = exit.blocks.get(system)?.drifts.at(-1);
      const { notes, about } = await carryTo({ to: 'block', drift }, block, record, exit);
      // The restore gives back by it.
      await record.save();
      const identities = identitiesOf(accountsOf(record.value));
      const data = { ...about, ...evidenceOf(system, record.value), identities, notes };
      return { type: 'access.blocked', data };
    },
    seen: ([first]) => ({ cost: first?.capture?.account && first.capture.cost }),
  };
  const restore: Task<Holds> = {
    step: 'restore-access',
    system,
    async run(record, exit) {
      const blockedByHand = exit.confirmationOfBlock(system);
      const { notes, about } = await carryTo({ to: 'restore', blockedByHand }, restore, record, exit);
      const holds = record.value;
      const observed = holds.some(({ restored }) => restored) && {
        givenBack: byAccount(holds, ({ restored }) => restored?.givenBack),
        active: byAccount(holds, ({ restored }) => restored?.active),
      };
      return {
        type: 'access.restored',
        data: { ...about, ...unreportedBlock(system, holds), ...observed, notes },
      };
    },
  };
  const revoke: Task<Holds> = {
    step: 'revoke-access',
    system,
    async run(record, exit) {
      const { notes, about } = await carryTo({ to: 'revoke' }, revoke, record, exit);
      const { revoked } = record.value[0]!;
      return {
        type: 'access.revoked',
        data: { ...about, ...unreportedBlock(system, record.value), ...revoked, notes },
      };
    },
  };
  const tasks = [block, restore, revoke];

  return {
    consumer: `access-${system}`,
    description: `Blocks ${system} on a resignation; restores or revokes access on the decision`,
    service: 'access',
    events: [
      'employee.resigned',
      'access.drifted',
      'exit.decision-finalised',
      'resignation.amended',
      'step.resolved',
      ...(learnsKeys ? (['access.blocked'] as const) : []),
    ],
    tasks,
    memory: { bucket: ACCESS_RECORDS, empty: noHolds, of: system },
    attemptTimeoutMs,
    awaitSlot,
    taskOf(event, exit) {
      const isBlocking = exit.step(block.step, system)?.state === 'running';
      // The exit has begun the block again, with a key that the other system told.
      if (event.type === 'access.blocked')
        return event.data.system !== system && isBlocking ? block : undefined;
      if (event.type !== 'access.drifted') return tasks.find((task) => isTriggered(task, event, exit));
      // Under `onDrift: reassert` the exit has reopened the block; under `report` it waits for an operator.
      return event.data.system === system && isBlocking ? block : undefined;
    },
  };
}

/** The capture of an unfinished block, which published no `access.blocked`. */
const unreportedBlock = (system: string, holds: Holds) =>
  holds.every(({ blocked }) => blocked) ? {} : evidenceOf(system, holds);
