/**
 * The access service, while a hold is open: looks at it again and again, and says when somebody else gave back what it had taken. The
 * word that a system is blocked itself comes again until the exit ends.
 */
import type { Config, SystemConfig } from '../../config/config.js';
import type { StoredEvent } from '../../exit/events.js';
import type { FoldedExit } from '../../exit/folded-exit.js';
import type { AccessService } from '../../services/access/access.js';
import type { AccessOptions } from './access-subscriber.js';
import { Later } from './retry-later.js';
import type { Records } from '../jetstream/records.js';
import type { Subscription } from './subscriber.js';
import type { Task } from './tasks.js';

interface DriftOptions extends Pick<AccessOptions, 'turn'> {
  service: Pick<AccessService, 'driftOf'>;
  policy: Pick<Config['policy'], 'requestTimeout' | 'recheckEvery' | 'onDrift'>;
}

export function driftSubscription(
  { name: system, hold }: Pick<SystemConfig, 'name' | 'hold'>,
  { service, policy, turn }: DriftOptions,
): Subscription<undefined> {
  const { recheckEvery, onDrift, requestTimeout } = policy;

  const lookAt = (accountId: string, nth: number): Task<undefined> => ({
    step: 'block-access',
    system,
    nth,
    async run({ signal }) {
      const what = await service.driftOf(accountId, hold, signal).catch((error: Error) => {
        // An outage is none of the exit's concern: the hold stands until somebody is seen to have undone it.
        throw new Later(recheckEvery, `not looked at: ${error.message}`, { cause: error });
      });
      if (what === undefined) return undefined;
      const seenAt = new Date().toISOString();
      return { type: 'access.drifted', data: { system, what, seenAt, reasserts: onDrift === 'reassert' } };
    },
  });

  /** Of the words that the system is blocked, the first one stands for the hold. */
  const isWatched = (event: StoredEvent, exit: FoldedExit): event is StoredEvent<'access.blocked'> =>
    event.type === 'access.blocked' &&
    event.data.system === system &&
    exit.blockOf(system)?.seq === event.seq &&
    exit.ending === undefined &&
    exit.closedAt === undefined;

  return {
    consumer: `drift-${system}`,
    description: `Looks whether ${system} is still blocked, as long as the exit is open`,
    source: '/ems/access',
    events: ['access.blocked'],
    promises: [],
    records: nothingToRemember,
    keyOf: ({ employeeId, exitId }) => `${system}.${employeeId}.${exitId}`,
    attemptTimeoutMs: 3 * requestTimeout,
    backoffCoefficient: 2,
    turn,
    taskOf(event, exit) {
      if (!isWatched(event, exit) || !exit.isHeld) return undefined;
      const accountId = event.data.capture?.account?.id;
      const isDue = Date.parse(exit.asOf) - Date.parse(event.storedAt) >= recheckEvery;
      if (accountId === undefined || !isDue || exit.step('block-access', system)?.state !== 'done')
        return undefined;
      return lookAt(accountId, 1 + exit.blockOf(system)!.drifts.length);
    },
    comesAgainAfter: (event, exit) => (isWatched(event, exit) ? recheckEvery : undefined),
  };
}

/** The events tell all that a look has to know, and it changes nothing. */
const nothingToRemember: Records<undefined> = {
  lease: (_key, signal, work) => work({ value: undefined, save: () => Promise.resolve(), signal }),
  interrupt: () => Promise.resolve(),
};
