/**
 * Systems and steps of open exits that the configuration no longer has. They have no consumer any more, so this one publishes
 * `step.needs-attention` in their place.
 */
import { leftConfiguration } from '../../exit/failures.js';
import type { Exit } from '../../exit/exit.js';
import type { StoredEvent } from '../../exit/events.js';
import type { Step } from '../../exit/status.js';
import type { Subscription } from './subscription.js';
import { lookAgainAfter, stepTriggers, isTriggered, type Outcome } from './tasks.js';

interface Leftovers {
  service: 'access' | 'steps';
  /** The configured systems, or steps. */
  names: readonly string[];
}

export function leftoversSubscription({ service, names }: Leftovers): Subscription<undefined> {
  const triggeredBy = (event: StoredEvent, exit: Exit): Step[] =>
    exit.steps.filter(
      ({ name, system }) =>
        exit.ledger.rowOf(name)?.service === service && isTriggered({ step: name, system }, event, exit),
    );
  const leftIn = (event: StoredEvent, exit: Exit): Step[] =>
    triggeredBy(event, exit).filter(
      ({ name, system, state }) => state === 'running' && !names.includes(system ?? name),
    );
  const attention = ({ name: step, system }: Step): Outcome => {
    const { message: error, type } =
      system === undefined ? leftConfiguration('step', step) : leftConfiguration('system', system);
    return { type: 'step.needs-attention', data: { step, system, error, type } };
  };

  return {
    consumer: `leftovers-${service}`,
    description: `Asks for attention to ${service === 'access' ? 'systems' : 'steps'} of open exits that left the configuration`,
    service,
    events: stepTriggers,
    taskOf(event, exit) {
      const [first] = leftIn(event, exit);
      if (!first) return undefined;
      const run = (_record: unknown, now: Exit) => Promise.resolve(leftIn(event, now).map(attention));
      return { step: first.name, system: first.system, run };
    },
    // Redelivered, since a later release of the configuration may drop the step.
    redeliverAfter: (event, exit) => {
      if (triggeredBy(event, exit).length > 0) return exit.plan!.policy.attentionAfterMs;
      const again = service === 'access' ? exit.systems.map((name) => lookAgainAfter(name, event, exit)) : [];
      return again.find((ms) => ms !== undefined);
    },
  };
}
