/** The access service's recurring check of an open hold. `access.blocked` is redelivered until the exit ends, once for each check. */
import type { StoredEvent } from '../../exit/events.js';
import type { Exit } from '../../exit/exit.js';
import type { CapturedAccount, Taken } from '../../exit/hold-facts.js';
import { watchedOf } from '../../exit/holds.js';
import type { AccessService } from '../../services/access/access.js';
import type { AccessOptions } from './access-subscriber.js';
import type { Subscription } from './subscription.js';
import { RetryLater, type Task } from './tasks.js';

interface DriftOptions extends Pick<AccessOptions, 'awaitSlot'> {
  service: Pick<AccessService, 'driftOf'>;
  /** Milliseconds. */
  recheckEvery: number;
}

export function driftSubscription(
  system: string,
  { service, recheckEvery, awaitSlot }: DriftOptions,
): Subscription<undefined> {
  const check = (
    accounts: readonly CapturedAccount[],
    taken: Record<string, Taken> | undefined = {},
    nth: number,
  ): Task<undefined> => ({
    step: 'block-access',
    system,
    nth,
    async run({ signal }, exit) {
      const { hold } = exit.plan!.systems.find(({ name }) => name === system)!;
      const seen = await service
        .driftOf(exit.person, watchedOf(accounts, taken, hold), hold, signal, {
          chosen: exit.chosenAccounts(system),
          isConfirmed: exit.isConfirmed(system),
        })
        .catch((error: Error) => {
          // An outage needs no attention: the hold stands until drift is observed.
          throw new RetryLater(recheckEvery, `not checked for drift: ${error.message}`, { cause: error });
        });
      if (!seen) return undefined;
      return { type: 'access.drifted', data: { system, ...seen, seenAt: new Date().toISOString() } };
    },
  });

  /** After drift there are several `access.blocked`; only the latest one drives the checks. It has all accounts. */
  const isWatched = (event: StoredEvent, exit: Exit): event is StoredEvent<'access.blocked'> =>
    event.type === 'access.blocked' &&
    event.data.system === system &&
    exit.blocks.get(system)?.seq === event.seq &&
    exit.ending === undefined &&
    exit.closedAt === undefined;

  return {
    consumer: `drift-${system}`,
    description: `Checks that ${system} is still blocked while the exit is open`,
    service: 'access',
    events: ['access.blocked'],
    awaitSlot,
    taskOf(event, exit) {
      if (!isWatched(event, exit) || !exit.isHeld) return undefined;
      const { capture, taken } = event.data;
      const isDue = Date.parse(exit.asOf) - Date.parse(event.storedAt) >= recheckEvery;
      if (!capture || !isDue || !exit.isBlocked(system)) return undefined;
      return check(capture.accounts, taken, 1 + exit.blocks.get(system)!.drifts.length);
    },
    redeliverAfter: (event, exit) => (isWatched(event, exit) ? recheckEvery : undefined),
  };
}
