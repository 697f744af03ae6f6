/**
 * The access service, while a hold is open: looks at it again and again, and says when access came back. The
 * word that a system is blocked itself comes again until the exit ends.
 */
import type { StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import type { AccessService } from '../../services/access/access.js';
import type { AccessOptions } from './access-subscriber.js';
import type { Subscription } from './subscriber.js';
import { RetryLater, type Task } from './tasks.js';

interface DriftOptions extends Pick<AccessOptions, 'turn'> {
  service: Pick<AccessService, 'driftOf'>;
  /** Milliseconds. */
  recheckEvery: number;
}

export function driftSubscription(
  system: string,
  { service, recheckEvery, turn }: DriftOptions,
): Subscription<undefined> {
  const lookAt = (accountId: string, nth: number): Task<undefined> => ({
    step: 'block-access',
    system,
    nth,
    async run({ signal }, exit) {
      const { hold } = exit.plan!.systems.find(({ name }) => name === system)!;
      const what = await service.driftOf(accountId, hold, signal).catch((error: Error) => {
        // An outage is none of the exit's concern: the hold stands until it is seen to be undone.
        throw new RetryLater(recheckEvery, `not looked at: ${error.message}`, { cause: error });
      });
      if (what === undefined) return undefined;
      const seenAt = new Date().toISOString();
      return { type: 'access.drifted', data: { system, what, seenAt } };
    },
  });

  /** Of the words that the system is blocked, the first one stands for the hold. */
  const isWatched = (event: StoredEvent, exit: Exit): event is StoredEvent<'access.blocked'> =>
    event.type === 'access.blocked' &&
    event.data.system === system &&
    exit.blocks.get(system)?.seq === event.seq &&
    exit.ending === undefined &&
    exit.closedAt === undefined;

  return {
    consumer: `drift-${system}`,
    description: `Looks whether ${system} is still blocked, as long as the exit is open`,
    service: 'access',
    events: ['access.blocked'],
    turn,
    taskOf(event, exit) {
      if (!isWatched(event, exit) || !exit.isHeld) return undefined;
      const accountId = event.data.capture?.account?.id;
      const isDue = Date.parse(exit.asOf) - Date.parse(event.storedAt) >= recheckEvery;
      if (accountId === undefined || !isDue || exit.step('block-access', system)?.state !== 'done')
        return undefined;
      return lookAt(accountId, 1 + exit.blocks.get(system)!.drifts.length);
    },
    redeliverAfter: (event, exit) => (isWatched(event, exit) ? recheckEvery : undefined),
  };
}
