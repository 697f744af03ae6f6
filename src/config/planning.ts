/** Derives the plan of a new exit from the configuration. */
import type { Plan, PlannedSystem } from '../exit/plan.js';
import { rateLimitedQueue, taskQueues } from '../exit/queues.js';
import type { Review } from '../exit/review.js';
import type { ExitStatus } from '../exit/status.js';
import { tableOf, type Queues, type StepRow } from '../exit/steps.js';
import {
  isManual,
  type AskedSystemConfig,
  type Config,
  type StepConfig,
  type SystemConfig,
} from './config.js';

/**
 * The maximum of requests in an attempt on a system with a rate limit, twice the usual number. An attempt with many groups leaves the
 * rest to the next one. A higher maximum would delay every block, since an attempt reserves all of them.
 */
export const REQUESTS_PER_ATTEMPT = 24;

export function planFrom(config: Config, form: ExitStatus['form']): Plan {
  const { policy, contacts, decisions, subscribers } = config;
  const hrPartners = contacts.hrPartners.map(({ name, email, language }) => ({ name, email, language }));
  const queues = queuesOf(config);
  return {
    systems: config.systems.map((system) => plannedSystem(system, config, queues)),
    steps: tableOf(
      form,
      queues,
      config.steps.map((step) => rowOf(step, queues.steps)),
    ),
    policy: {
      attentionAfterMs: policy.attentionAfter,
      retryInitialMs: policy.retry.initialInterval,
      retryMaximumMs: policy.retry.maximumInterval,
      attemptTimeoutMs: attemptTimeoutMs(config),
      reassertsDrift: policy.onDrift === 'reassert',
      lateWriteMs: policy.requestTimeout,
    },
    hrPartners,
    operator: contacts.operator,
    review: reviewFrom(config),
    ...(decisions.deciders && { deciders: decisions.deciders }),
    ...(form === 'orchestrated' &&
      subscribers.length > 0 && {
        subscribers: subscribers.map(({ name, events, giveUpAfter: giveUpAfterMs }) => ({
          ...{ name, events, queue: queues.steps, giveUpAfterMs },
        })),
      }),
    ...(decisions.secondPerson.length > 0 && { secondPerson: decisions.secondPerson }),
    ...(decisions.signed && { signed: [...decisions.signed.keys] }),
  };
}

export function reviewFrom({ policy: { review }, contacts }: Pick<Config, 'policy' | 'contacts'>): Review {
  return {
    remindAfterMs: review.remindAfter,
    withinMs: review.within,
    escalateEveryMs: review.escalateEvery,
    escalateTo: contacts.escalation,
  };
}

function plannedSystem(system: SystemConfig, config: Config, queues: Queues): PlannedSystem {
  const { name, hold } = system;
  if (isManual(system)) {
    const manual = { withinMs: system.within, lookAgainEveryMs: system.lookAgainEvery };
    return { name, hold, manual, queue: queues.steps, attemptTimeoutMs: attemptTimeoutMs(config) };
  }
  const { rateLimit } = system;
  const queue = rateLimit ? rateLimitedQueue(name) : queues.access;
  return { name, hold, queue, attemptTimeoutMs: attemptTimeoutMs(config, rateLimit) };
}

/** An attempt makes few requests, and one of them may time out; a rate limit adds its intervals. */
const attemptTimeoutMs = (
  { policy }: { policy: Pick<Config['policy'], 'requestTimeout'> },
  rateLimit?: AskedSystemConfig['rateLimit'],
): number =>
  3 * policy.requestTimeout +
  (rateLimit ? Math.ceil((1000 * REQUESTS_PER_ATTEMPT) / rateLimit.requestsPerSecond) : 0);

function queuesOf({ taskQueues: mode }: Config): Queues {
  const { exit, notification, hr, access, steps } = taskQueues;
  if (mode === 'per-service') return { directory: exit, notification, hr, access, steps };
  return { directory: exit, notification: exit, hr: exit, access: exit, steps: exit };
}

const rowOf = ({ name, begins, gates, task }: StepConfig, queue: string): StepRow => ({
  name,
  service: 'steps',
  begins,
  gates,
  queue,
  event: 'step.completed',
  summary: task?.ask ?? `Call ${name}`,
  custom: task ? 'task' : 'call',
  ...(task && { attentionAfterMs: task.within }),
});
