/**
 * What an open exit was planned with and the configuration no longer has: a system, or a step. No consumer serves it any more, so the
 * service says so in its place, and the operator hears of it.
 */
import { leftConfiguration } from '../../exit/failures.js';
import type { Exit } from '../../exit/exit.js';
import type { StoredEvent } from '../../exit/events.js';
import type { Step } from '../../exit/status.js';
import type { Subscription } from './subscriber.js';
import { everyBeginning, isSetOff, type Said } from './tasks.js';

interface Leftovers {
  service: 'access' | 'steps';
  /** What is configured: the systems, or the steps. */
  names: readonly string[];
}

export function leftoversSubscription({ service, names }: Leftovers): Subscription<undefined> {
  const setOffBy = (event: StoredEvent, exit: Exit): Step[] =>
    exit.steps.filter(
      ({ name, system }) =>
        exit.ledger.rowOf(name)?.service === service && isSetOff({ step: name, system }, event, exit),
    );
  const leftIn = (event: StoredEvent, exit: Exit): Step[] =>
    setOffBy(event, exit).filter(
      ({ name, system, state }) => state === 'running' && !names.includes(system ?? name),
    );
  const attention = ({ name: step, system }: Step): Said => {
    const { message: error, type } =
      system === undefined ? leftConfiguration('step', step) : leftConfiguration('system', system);
    return { type: 'step.needs-attention', data: { step, system, error, type } };
  };

  return {
    consumer: `leftovers-${service}`,
    description: `Says which ${service === 'access' ? 'systems' : 'steps'} of open exits the configuration no longer has`,
    service,
    events: everyBeginning,
    taskOf(event, exit) {
      const [first] = leftIn(event, exit);
      if (!first) return undefined;
      const run = (_record: unknown, now: Exit) => Promise.resolve(leftIn(event, now).map(attention));
      return { step: first.name, system: first.system, run };
    },
    // The process that is trying a step today may be replaced by one that does not know it.
    redeliverAfter: (event, exit) =>
      setOffBy(event, exit).length > 0 ? exit.plan!.policy.attentionAfterMs : undefined,
  };
}
