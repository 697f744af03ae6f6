/**
 * The metrics of this process, in the text format of Prometheus. Their labels name forms, steps, systems and consumers of the
 * configuration, and no exit, person or address.
 */
import { collectDefaultMetrics, Counter, Histogram, register } from 'prom-client';

/** One attempt of a step has ended: `done`, `failed` where it is tried again, or `final` where no retry helps. */
export const attempts = new Counter({
  name: 'ems_attempts_total',
  help: 'Attempts of steps that ended, by how: done, failed (tried again) or final',
  labelNames: ['form', 'step', 'system', 'end'] as const,
});

export const blockSeconds = new Histogram({
  name: 'ems_block_seconds',
  help: 'Time from the resignation until the access on a system was observed blocked',
  labelNames: ['form', 'system'] as const,
  buckets: [1, 2, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400],
});

export const driftsFound = new Counter({
  name: 'ems_drifts_found_total',
  help: 'Holds whose access another administrator had given back',
  labelNames: ['form', 'system'] as const,
});

export const deadLettered = new Counter({
  name: 'ems_dead_lettered_total',
  help: 'Messages that a consumer gave up, by the type of the failure',
  labelNames: ['consumer', 'type'] as const,
});

/** @returns the content type, and all metrics, with those of Node.js */
export async function metricsPage(): Promise<{ type: string; text: string }> {
  // Measuring begins with the first question: a command of a second needs none.
  if (!register.getSingleMetric('process_cpu_seconds_total')) collectDefaultMetrics();
  return { type: register.contentType, text: await register.metrics() };
}
