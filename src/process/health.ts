/** Liveness, readiness and metrics of a process over HTTP: `GET /healthz`, `/readyz` and `/metrics`. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { HealthAddress } from './health-option.js';
import { metricsPage } from './metrics.js';

/**
 * `/healthz` answers 200 while the process runs, and `/readyz` where it serves; otherwise 503 with the reason.
 * @param checkReady throws where the process does not serve
 * @throws Error where the address is taken
 */
export async function serveHealth(
  { host, port }: HealthAddress,
  checkReady: () => Promise<void>,
): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    if (request.url === '/healthz') answer(200, { status: 'ok' });
    else if (request.url === '/readyz')
      checkReady().then(
        () => answer(200, { status: 'ok' }),
        (error: unknown) => answer(503, { status: 'not ready', reason: (error as Error).message }),
      );
    else if (request.url === '/metrics')
      metricsPage().then(
        ({ type, text }) => response.writeHead(200, { 'content-type': type }).end(text),
        (error: unknown) => answer(500, { status: 'failed', reason: (error as Error).message }),
      );
    else answer(404, { status: 'unknown', reason: 'ask /healthz, /readyz or /metrics' });
  });
  await once(server.listen(port, host), 'listening');
  return server;
}
