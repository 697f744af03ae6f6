/** An HTTP proxy in front of a real server, for what networks and other makes of server do to requests and answers. */
import { EventEmitter, on, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request. `undefined` lets it through. */
export type Fault =
  /** The connection breaks before the server has seen the request. */
  | { kind: 'unreachable' }
  /** The server does what is asked, and the answer is lost. */
  | { kind: 'lost-answer' }
  /** The server is not asked; this is answered instead. */
  | { kind: 'answer'; status: number; body?: unknown }
  /** The request goes on only once the promise resolves, whether or not the client still waits. */
  | { kind: 'held'; until: Promise<void> };

export interface Seen {
  /** The client has closed the connection before the answer. */
  isGivenUp?: boolean;
  method: string;
  path: string;
  body: string;
  atMs: number;
}

export interface ProxiedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface ProxiedAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

type Forward = (request: ProxiedRequest) => Promise<ProxiedAnswer>;

/** Makes a server behave like one of another make: changes what it is asked, what it answers, or both. */
export type Quirk = (forward: Forward) => Forward;

export interface FaultProxy {
  url: string;
  /** Every request that came, in order. */
  seen: Seen[];
  /** Decides what happens to each request from now on. */
  fault: (decide: ((request: Seen) => Fault | undefined) | undefined) => void;
  /** Makes the server behave otherwise from now on. */
  quirk: (quirk: Quirk | undefined) => void;
  /** The next request that matches, as soon as it has come. */
  next: (matches: (request: Seen) => boolean) => Promise<Seen>;
  stop: () => Promise<void>;
  /** On the same port. */
  restart: () => Promise<void>;
}

export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const seen: Seen[] = [];
  const arrivals = new EventEmitter();
  let decide: ((request: Seen) => Fault | undefined) | undefined;
  const ask: Forward = async ({ method, path, headers, body }) => {
    const answer = await fetch(new URL(path, target), { method, headers, ...(body && { body }) });
    return { status: answer.status, headers: headersOf(answer.headers), body: await answer.text() };
  };
  let forward = ask;

  const server = http.createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const entry: Seen = {
        method: request.method!,
        path: request.url!,
        body: Buffer.concat(chunks).toString(),
        atMs: Date.now(),
      };
      response.on('close', () => {
        entry.isGivenUp = !response.writableEnded;
      });
      seen.push(entry);
      arrivals.emit('request', entry);
      const fault = decide?.(entry);
      if (fault?.kind === 'unreachable') return response.destroy();
      if (fault?.kind === 'answer') {
        return response
          .writeHead(fault.status, { 'content-type': 'application/scim+json' })
          .end(JSON.stringify(fault.body ?? {}));
      }
      if (fault?.kind === 'held') await fault.until;
      const { method, path, body } = entry;
      const answer = await forward({
        method,
        path,
        body,
        headers: headersOf(Object.entries(request.headers)),
      });
      if (fault?.kind === 'lost-answer') return response.destroy();
      return response.writeHead(answer.status, answer.headers).end(answer.body);
    })().catch(() => response.destroy());
  });
  let port = 0;
  const start = async (): Promise<void> => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  await start();
  const { pathname } = new URL(target);

  return {
    url: `http://127.0.0.1:${port}${pathname}`,
    seen,
    fault: (next) => {
      decide = next;
    },
    quirk: (quirk) => {
      forward = quirk?.(ask) ?? ask;
    },
    async next(matches) {
      for await (const [request] of on(arrivals, 'request') as AsyncIterable<[Seen]>) {
        if (matches(request)) return request;
      }
      throw new Error('unreachable: the iterator has no end');
    },
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
    restart: start,
  };
}

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
  'host',
]);

function headersOf(headers: Iterable<[string, string | string[] | undefined]>): Record<string, string> {
  return Object.fromEntries(
    [...headers].filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && !hopByHop.has(entry[0]),
    ),
  );
}
