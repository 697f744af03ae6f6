/** A critical system that no program reaches: its owner is asked to block, then to restore or revoke. */
import type { ManualSystemConfig } from '../../config/config.js';
import type { Exit } from '../../exit/exit.js';
import type { StoredEvent } from '../../exit/events.js';
import type { StepService } from '../../services/steps/step-service.js';
import { asking, type Asked } from './asking.js';
import type { Subscription } from './subscription.js';
import { isTriggered, lookAgainAfter, stepTriggers } from './tasks.js';

export function ownerSubscription(
  { name: system, owner, remindEvery }: ManualSystemConfig,
  steps: StepService,
): Subscription<Asked> {
  const requests = ['block-access', 'restore-access', 'revoke-access'].map((name) =>
    asking({ name, system }, remindEvery, steps),
  );
  const due = (event: StoredEvent, exit: Exit) => requests.find(({ ask }) => isTriggered(ask, event, exit));

  return {
    consumer: `owner-${system}`,
    description: `Asks ${owner.name} to block, restore and revoke access to ${system}`,
    service: 'steps',
    events: stepTriggers,
    tasks: requests.map(({ ask }) => ask),
    // No custom step can have a name with "_".
    memory: { bucket: 'exit-steps', empty: { asked: [] }, of: `owner_${system}` },
    taskOf: (event, exit) => due(event, exit)?.taskOf(exit),
    // After a final refusal of the mail the step waits for a retry.
    redeliverAfter: (event, exit, failure) =>
      failure ? undefined : (due(event, exit)?.dueAgainAfter(exit) ?? lookAgainAfter(system, event, exit)),
  };
}
