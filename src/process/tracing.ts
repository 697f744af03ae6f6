/**
 * Traces of OpenTelemetry, sent over OTLP/HTTP. All attempts of an exit, and the acts of people on it, are in one trace, whatever process makes them: its id follows from
 * the exit's, so that neither Temporal nor NATS carries one.
 */
import { createHash } from 'node:crypto';
import {
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Context,
  type Tracer,
} from '@opentelemetry/api';
import { withoutAddresses, type Log } from './logger.js';

/** A collector that is away does not keep a process from ending. */
const EXPORT_WITHIN_MS = 5_000;

/** Undefined where no collector is named: then an attempt costs nothing more. */
let tracer: Tracer | undefined;

interface AttemptOf {
  exitId: string;
  form: 'orchestrated' | 'choreographed';
  step: string;
  system?: string | undefined;
  /** From 1, where the engine counts. */
  attempt?: number | undefined;
}

/** How an attempt ended: with `later` it waits, and has not failed. */
export type End = 'done' | 'nothing-to-do' | 'later' | 'cancelled' | 'failed' | 'final';

/**
 * Begins to send traces, where the environment names a collector (`OTEL_EXPORTER_OTLP_ENDPOINT`, or `…_TRACES_ENDPOINT`). The other
 * variables of OpenTelemetry count as well, such as `OTEL_SERVICE_NAME` and `OTEL_TRACES_SAMPLER`.
 * @returns what sends the rest, and ends
 */
export async function startTracing(
  service: string,
  log: Log,
  env = process.env,
): Promise<() => Promise<void>> {
  if (!env['OTEL_EXPORTER_OTLP_ENDPOINT'] && !env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])
    return () => Promise.resolve();
  const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, resources] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const warn = (message: string, ...more: unknown[]): void => log.warn({ more }, `traces: ${message}`);
  const silent = (): void => undefined;
  diag.setLogger({ error: warn, warn, info: silent, debug: silent, verbose: silent }, DiagLogLevel.WARN);
  const named = resources.resourceFromAttributes({ 'service.name': service });
  const given = resources.detectResources({ detectors: [resources.envDetector] });
  const exporter = new OTLPTraceExporter({ timeoutMillis: EXPORT_WITHIN_MS });
  const provider = new BasicTracerProvider({
    resource: resources.defaultResource().merge(named).merge(given),
    spanProcessors: [new BatchSpanProcessor(exporter, { exportTimeoutMillis: EXPORT_WITHIN_MS })],
  });
  tracer = provider.getTracer('ems');
  return async () => {
    tracer = undefined;
    await provider.shutdown().catch((error: Error) => warn(error.message));
    diag.disable();
  };
}

/** @param endOf how it ended, by the result or the error */
export async function traced<T>(
  { exitId, form, step, system, attempt }: AttemptOf,
  run: () => Promise<T>,
  endOf: (outcome: { result: T } | { error: unknown }) => End,
): Promise<T> {
  if (!tracer) return run();
  const attributes = {
    'ems.exit_id': exitId,
    'ems.form': form,
    'ems.step': step,
    'ems.system': system,
    'ems.attempt': attempt,
  };
  const name = system === undefined ? step : `${step}:${system}`;
  const span = tracer.startSpan(name, { attributes }, parentOf(exitId));
  try {
    const result = await run();
    span.setAttribute('ems.end', endOf({ result }));
    return result;
  } catch (error) {
    const end = endOf({ error });
    span.setAttribute('ems.end', end);
    if (end === 'failed' || end === 'final') {
      const { name: type, message } = error as Error;
      span.setAttribute('error.type', (error as { type?: string }).type ?? type);
      span.setStatus({ code: SpanStatusCode.ERROR, message: withoutAddresses(message) });
    }
    throw error;
  } finally {
    span.end();
  }
}

interface ActOn {
  exitId: string;
  act: string;
  startedAt: Date;
  /** The code of the refusal; absent where it is done. */
  code?: string | undefined;
}

/** Adds an act of a person or a program to the trace of its exit, once it has ended: before, an opening has no exit. */
export function traceAct({ exitId, act, startedAt, code }: ActOn): void {
  if (!tracer) return;
  const attributes = {
    'ems.exit_id': exitId,
    'ems.act': act,
    'ems.end': code === undefined ? 'done' : 'refused',
    'error.type': code,
  };
  const span = tracer.startSpan(act, { attributes, startTime: startedAt }, parentOf(exitId));
  if (code !== undefined) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

const parentOf = (exitId: string): Context => trace.setSpanContext(ROOT_CONTEXT, idsOf(exitId));

/** The trace of an exit, and the span that stands for it as a whole. It is sampled by the trace, so that all processes agree. */
export function idsOf(exitId: string) {
  const digest = createHash('sha256').update(exitId).digest('hex');
  return {
    traceId: digest.slice(0, 32),
    spanId: digest.slice(32, 48),
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
  };
}
