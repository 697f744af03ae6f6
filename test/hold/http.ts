/** Plain HTTP with kept-alive connections: thousands of sequences are tens of thousands of requests. */
import http from 'node:http';

export interface Asked {
  method: string;
  /** Below the SCIM base URL, with the query. */
  path: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

export interface Answer {
  status: number;
  etag?: string | undefined;
  text: string;
}

export type Send = (asked: Asked) => Promise<Answer>;

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** @param base the SCIM base URL */
export function sender(base: string): Send {
  const { hostname, port, pathname } = new URL(base);
  return ({ method, path, headers, body }) =>
    new Promise((resolve, reject) => {
      const request = http.request(
        { agent, hostname, port, method, path: pathname + path, headers },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', reject);
          response.once('end', () =>
            resolve({
              status: response.statusCode!,
              etag: response.headers.etag,
              text: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      request.once('error', reject);
      request.end(body);
    });
}

type Handler = (asked: Asked, signal: AbortSignal) => Promise<Answer>;

const lines = new Map<string, Handler>();
let realFetch: typeof fetch | undefined;

/** Puts `handle` in the place of `fetch` for this host name: the SCIM client under test stays as it is. */
export function intercept(host: string, handle: Handler): void {
  lines.set(host, handle);
  if (realFetch) return;
  const original = (realFetch = globalThis.fetch);
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const line = lines.get(url.hostname);
    if (!line) return original(input, init);
    const answer = await line(
      {
        method: init?.method ?? 'GET',
        path: url.pathname + url.search,
        headers: init?.headers as Record<string, string>,
        body: init?.body as string | undefined,
      },
      init?.signal ?? new AbortController().signal,
    );
    return new Response(answer.status === 204 ? null : answer.text, {
      status: answer.status,
      headers: answer.etag ? { etag: answer.etag } : {},
    });
  };
}

/** @see intercept */
export function interceptNoMore(): void {
  if (realFetch) globalThis.fetch = realFetch;
  realFetch = undefined;
  lines.clear();
  agent.destroy();
}
