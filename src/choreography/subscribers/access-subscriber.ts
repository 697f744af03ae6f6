/** The access service: one consumer per critical system, so that the outage and the rate limit of one concern no other. */
import type { Config, SystemConfig } from '../../config/config.js';
import type { StoredEvent } from '../../exit/events.js';
import type { FoldedExit } from '../../exit/folded-exit.js';
import type { AccessService } from '../../services/access/access.js';
import { REQUESTS_PER_ATTEMPT } from '../../services/protocols/pace.js';
import { createHold, noHold, type HeldAccess, type HeldExit } from './held-access.js';
import type { RecordOptions, Records } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import { ifLeaving, ifRetained, isRetryOf, type Promised, type Task } from './tasks.js';
import type { Turn } from '../jetstream/rate-limit.js';

export const accessRecords = { bucket: 'exit-access', empty: noHold } satisfies Partial<
  RecordOptions<HeldAccess>
>;

export interface AccessOptions {
  service: AccessService;
  records: Records<HeldAccess>;
  policy: Pick<Config['policy'], 'requestTimeout' | 'attentionAfter'>;
  /** Where the system has a rate limit. */
  turn?: Turn | undefined;
  /** Milliseconds since the epoch; the model test has a clock of its own. */
  now?: () => number;
}

export function accessSubscription(
  { name: system, hold: kind, rateLimit }: Pick<SystemConfig, 'name' | 'hold' | 'rateLimit'>,
  { service, records, policy, turn, now = Date.now }: AccessOptions,
): Subscription<HeldAccess> {
  const hold = createHold({ system, kind, service, lateWriteMs: policy.requestTimeout, now });
  const slownessMs = rateLimit ? Math.ceil((1000 * REQUESTS_PER_ATTEMPT) / rateLimit.requestsPerSecond) : 0;

  const block: Task<HeldAccess> = {
    step: 'block-access',
    system,
    async run(record, exit) {
      const notes = await hold.block(record, heldExit(exit, system));
      const { capture, taken } = record.value;
      const identities = capture?.account?.identities ?? [];
      return {
        type: 'access.blocked',
        data: { system, hold: kind, capture, taken, identities, notes },
      };
    },
  };
  const restore: Task<HeldAccess> = {
    step: 'restore-access',
    system,
    run: async (record, exit) => {
      const restored = await hold.restore(record, heldExit(exit, system));
      return {
        type: 'access.restored',
        data: { system, hold: kind, ...unsaidOf(record.value), ...restored },
      };
    },
  };
  const revoke: Task<HeldAccess> = {
    step: 'revoke-access',
    system,
    run: async (record, exit) => {
      const revoked = await hold.revoke(record, heldExit(exit, system));
      return { type: 'access.revoked', data: { system, hold: kind, ...unsaidOf(record.value), ...revoked } };
    },
  };
  const tasks = [block, restore, revoke];
  const within = policy.attentionAfter;
  const promises: Promised[] = [
    { on: 'employee.resigned', event: 'access.blocked', step: 'block-access', system, within },
    { ...ifRetained, event: 'access.restored', step: 'restore-access', system, within },
    { ...ifLeaving, event: 'access.revoked', step: 'revoke-access', system, within },
  ];

  return {
    consumer: `access-${system}`,
    description: `Blocks ${system} on a resignation; gives access back, or revokes it, on the decision`,
    source: '/ems/access',
    events: ['employee.resigned', 'access.drifted', 'exit.decision-finalised', 'step.resolved'],
    promises,
    records,
    keyOf: ({ employeeId, exitId }) => `${system}.${employeeId}.${exitId}`,
    // The longest an attempt takes is a handful of requests, of which one may run into its time limit.
    attemptTimeoutMs: 3 * policy.requestTimeout + slownessMs,
    // Every moment until the block is one with access; the cap keeps the pause after a long outage short.
    backoffCoefficient: 2,
    turn,
    taskOf: (event, exit) =>
      tasks.find((task) => isSetOff(task, event) && exit.isOpen(task.step, task.system)),
  };
}

/** What a block would have said that never came to its end. */
const unsaidOf = ({ blocked, capture, taken }: HeldAccess) => (blocked || !capture ? {} : { capture, taken });

function isSetOff(task: Task<HeldAccess>, event: StoredEvent): boolean {
  if (event.type === 'employee.resigned') return task.step === 'block-access';
  // What was given back is taken again, where the policy does not leave it to an operator.
  if (event.type === 'access.drifted')
    return event.data.reasserts && event.data.system === task.system && task.step === 'block-access';
  if (event.type === 'exit.decision-finalised') return task.step !== 'block-access';
  return isRetryOf(task, event);
}

function heldExit(exit: FoldedExit, system: string): HeldExit {
  const block = exit.step('block-access', system);
  return {
    employeeId: exit.employeeId,
    drift: exit.blockOf(system)?.drifts.at(-1),
    overridesProtection: exit.resignation.overrideBy !== undefined,
    blockedByHandBy: block?.state === 'done-by-hand' ? block.by : undefined,
  };
}
