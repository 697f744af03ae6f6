/** A program outside EMS that hears of exits: a real HTTP server, which can fail, hang, redirect, and go away. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PublishedEvent } from '../../src/exit/published-events.js';

interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
  event: PublishedEvent;
}

/** A status, or none at all. */
export type Answer = number | 'none' | { redirect: string };

export type EventReceiver = Awaited<ReturnType<typeof startEventReceiver>>;

export async function startEventReceiver() {
  const deliveries: Delivery[] = [];
  const taken: PublishedEvent[] = [];
  let answer: (event: PublishedEvent) => Answer = () => 204;
  let server: Server | undefined;
  let port = 0;

  async function bringUp(): Promise<void> {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        const event = JSON.parse(body) as PublishedEvent;
        deliveries.push({ headers: request.headers, body, event });
        const given = answer(event);
        if (given === 'none') return;
        if (typeof given === 'object')
          return void response.writeHead(307, { location: given.redirect }).end();
        if (given < 300) taken.push(event);
        response.writeHead(given).end();
      });
    }).listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  }

  async function takeDown(): Promise<void> {
    server?.closeAllConnections();
    server?.close();
    if (server) await once(server, 'close');
    server = undefined;
  }

  await bringUp();
  return {
    url: `http://127.0.0.1:${port}/exits`,
    /** Every attempt. */
    deliveries,
    answers: (next: Answer | typeof answer) => {
      answer = typeof next === 'function' ? next : () => next;
    },
    takeDown,
    bringUp,
    /** What it has answered with 2xx, each event once. */
    taken: (exitId: string): PublishedEvent[] => {
      const own = taken.filter(({ subject }) => subject === exitId);
      return own.filter(({ id }, i) => own.findIndex((each) => each.id === id) === i);
    },
  };
}
