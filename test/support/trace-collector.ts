/** A collector of OpenTelemetry that keeps what it receives over OTLP/HTTP. */
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Span {
  traceId: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code?: number; message?: string };
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[];
}
interface Sent {
  resourceSpans: { scopeSpans: { spans: Span[] }[] }[];
}

export type TraceCollector = Awaited<ReturnType<typeof startTraceCollector>>;

export async function startTraceCollector() {
  const received: string[] = [];
  const collector = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push(Buffer.concat(chunks).toString());
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  const { port } = collector.address() as AddressInfo;
  return {
    /** The bodies of the requests. */
    received,
    /** What a process needs in its environment to send here, soon. */
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_BSP_SCHEDULE_DELAY: '100' },
    spansOf: (exitId: string): Span[] =>
      received
        .flatMap((body) => (JSON.parse(body) as Sent).resourceSpans)
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
        .filter((span) => attributeOf(span, 'ems.exit_id') === exitId),
    stop: () => collector.close(),
  };
}

export const attributeOf = ({ attributes }: Span, key: string): string | undefined =>
  attributes.find((each) => each.key === key)?.value.stringValue;
