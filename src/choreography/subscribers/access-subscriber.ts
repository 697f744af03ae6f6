/** The access service: one consumer per critical system, so that the outage and the rate limit of one concern no other. */
import type { Exit } from '../../exit/exit.js';
import { noHold, observed, perform, type Goal, type Held, type Performer } from '../../exit/hold.js';
import type { AccessService } from '../../services/access/access.js';
import type { Turn } from '../jetstream/rate-limit.js';
import type { Leased } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import { isSetOff, RetryLater, type Task } from './tasks.js';

export interface AccessOptions {
  service: AccessService;
  /** Longer than usual where the system has a rate limit. */
  attemptTimeoutMs?: number | undefined;
  /** Where the system has a rate limit. */
  turn?: Turn | undefined;
  /** Milliseconds since the epoch; the model test has a clock of its own. */
  now?: () => number;
}

export function accessSubscription(
  system: string,
  { service, attemptTimeoutMs, turn, now = Date.now }: AccessOptions,
): Subscription<Held> {
  /** Carries the hold to a goal; its memory is the record, saved before each write. */
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
          // With the capture: no write before both are durable.
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
        throw new RetryLater(Date.parse(until) - now(), `a late block on ${system} is waited out`);
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
        data: { ...about, ...unsaidOf(record.value), ...restored, notes },
      };
    },
  };
  const revoke: Task<Held> = {
    step: 'revoke-access',
    system,
    async run(record, exit) {
      const { notes, about } = await carryTo({ to: 'revoke' }, record, exit);
      const { revoked } = record.value;
      return { type: 'access.revoked', data: { ...about, ...unsaidOf(record.value), ...revoked, notes } };
    },
  };
  const tasks = [block, restore, revoke];

  return {
    consumer: `access-${system}`,
    description: `Blocks ${system} on a resignation; gives access back, or revokes it, on the decision`,
    service: 'access',
    events: ['employee.resigned', 'access.drifted', 'exit.decision-finalised', 'step.resolved'],
    tasks,
    memory: { bucket: 'exit-access', empty: noHold, of: system },
    attemptTimeoutMs,
    turn,
    taskOf(event, exit) {
      if (event.type !== 'access.drifted') return tasks.find((task) => isSetOff(task, event, exit));
      // What came back is taken again, where the policy does not leave it to an operator.
      const isTakenAgain = exit.step(block.step, system)?.state === 'running';
      return event.data.system === system && isTakenAgain ? block : undefined;
    },
  };
}

/** What a block would have said that never came to its end. */
const unsaidOf = ({ blocked, capture, taken }: Held) => (blocked || !capture ? {} : { capture, taken });
