import type { Plan, PlannedSystem, Policy } from '../../src/exit/plan.js';
import { tableOf, type Queues, type StepRow } from '../../src/exit/steps.js';

const HOUR_MS = 3_600_000;
const queues: Queues = { directory: 'ems', notification: 'ems', hr: 'ems', access: 'ems', steps: 'ems' };

/** The plan of a choreographed exit, for tests that fold events by hand. */
export const planOf = (
  systems: readonly Pick<PlannedSystem, 'name' | 'hold' | 'manual'>[],
  policy: Partial<Policy> = {},
  custom: readonly StepRow[] = [],
): Plan => ({
  systems: systems.map((system) => ({ ...system, queue: 'ems', attemptTimeoutMs: 1000 })),
  steps: tableOf('choreographed', queues, custom),
  policy: {
    ...{ attentionAfterMs: 900_000, retryInitialMs: 1000, retryMaximumMs: 60_000, attemptTimeoutMs: 1000 },
    ...{ reassertsDrift: true, lateWriteMs: 1000 },
    ...policy,
  },
  hrPartners: [{ name: 'Acme HR', email: 'hr@acme.example' }],
  operator: { name: 'Acme IT', email: 'it@acme.example' },
  review: {
    ...{ remindAfterMs: [24 * HOUR_MS], withinMs: 120 * HOUR_MS, escalateEveryMs: 168 * HOUR_MS },
    escalateTo: { name: 'Acme Board', email: 'board@acme.example' },
  },
});
