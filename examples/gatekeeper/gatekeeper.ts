/**
 * Gatekeeper runs the doors of a building: a badge opens the zones that admit it, unless it is locked. It speaks a protocol of its own, JSON
 * over HTTP, and keeps its data in memory.
 *
 *   GATEKEEPER_TOKEN=… [GATEKEEPER_PORT=9500] node gatekeeper.js
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

export interface Badge {
  serial: string;
  /** The login of its holder. */
  holder: string;
  mail: string;
  /** The employee id. */
  personnel: string;
  /** The employee id in the building's former system. */
  formerly: string;
  locked: boolean;
  /** Grows with each change. */
  revision: number;
}

export interface Zone {
  id: string;
  name: string;
}

/** The response where it is not 200. */
class Answer extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Body = Partial<Badge & Zone> & { admit?: string; expel?: string };

/** @param port 0 for any free one */
export async function startGatekeeper(
  token: string,
  port: number,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const badges = new Map<string, Badge>();
  const zones = new Map<string, Zone & { admits: Set<string> }>();
  /** A deleted id answers 410 for ever, so that its absence can be told from a mistake. */
  const deleted = new Set<string>();

  function known<T>(all: ReadonlyMap<string, T>, id: string): T {
    const found = all.get(id);
    if (found) return found;
    throw deleted.has(id) ? new Answer(410, `${id} was deleted`) : new Answer(404, `there is no ${id}`);
  }

  function changeBadge(badge: Badge, { revision, ...change }: Body) {
    if (revision !== undefined && revision !== badge.revision)
      throw new Answer(409, `the revision is ${badge.revision}, not ${revision}`);
    const isChanged = change.locked !== badge.locked || change.personnel !== undefined;
    if (isChanged) Object.assign(badge, change, { revision: badge.revision + 1 });
    return { isChanged };
  }

  function changeZone({ admits }: { admits: Set<string> }, { admit, expel }: Body) {
    if (admit === undefined) return { isChanged: admits.delete(String(expel)) };
    const isChanged = !admits.has(known(badges, admit).serial);
    admits.add(admit);
    return { isChanged };
  }

  const routes: Record<string, (id: string, body: Body, query: URLSearchParams) => object> = {
    'GET /badges': (_, __, query) => {
      const [[key, value]] = [...query] as [[keyof Badge, string]];
      const isSame = (badge: Badge) => String(badge[key]).toLowerCase() === value.toLowerCase();
      return { badges: [...badges.values()].filter(isSame) };
    },
    'POST /badges': (_, body) => {
      const badge = { ...(body as Badge), serial: randomUUID(), revision: 1 };
      badges.set(badge.serial, badge);
      return badge;
    },
    'GET /badges/:id': (serial) => known(badges, serial),
    'PATCH /badges/:id': (serial, body) => changeBadge(known(badges, serial), body),
    'DELETE /badges/:id': (serial) => {
      badges.delete(known(badges, serial).serial);
      for (const { admits } of zones.values()) admits.delete(serial);
      return deleted.add(serial);
    },
    'GET /badges/:id/zones': (serial) => {
      const admitting = [...zones.values()].filter(({ admits }) => admits.has(known(badges, serial).serial));
      return { zones: admitting.map(({ id, name }) => ({ id, name })) };
    },
    'GET /zones': (_, __, query) => {
      const name = query.get('name')?.toLowerCase();
      const found = [...zones.values()].filter((zone) => zone.name.toLowerCase() === name);
      return { zones: found.map(({ id, name }) => ({ id, name })) };
    },
    'POST /zones': (_, { name }) => {
      const zone = { id: randomUUID(), name: String(name) };
      zones.set(zone.id, { ...zone, admits: new Set() });
      return zone;
    },
    'GET /zones/:id/badges': (id) => ({ serials: [...known(zones, id).admits] }),
    'PATCH /zones/:id': (id, body) => changeZone(known(zones, id), body),
    'DELETE /zones/:id': (id) => {
      zones.delete(known(zones, id).id);
      return deleted.add(id);
    },
  };

  async function answer(request: IncomingMessage): Promise<object> {
    if (request.headers.authorization !== `Bearer ${token}`) throw new Answer(401, 'the token is wrong');
    const { pathname, searchParams } = new URL(request.url!, 'http://gatekeeper');
    const [, kind, id = '', part] = pathname.split('/');
    const route = [`${request.method} `, kind, id && ':id', part]
      .filter(Boolean)
      .join('/')
      .replace(' /', ' /');
    const act = routes[route];
    if (!act) throw new Answer(404, `there is no ${request.method} ${pathname}`);
    const hasBody = request.method === 'POST' || request.method === 'PATCH';
    return act(decodeURIComponent(id), hasBody ? ((await json(request)) as Body) : {}, searchParams);
  }

  const server = createServer((request, response) => {
    void answer(request)
      .then((body) => ({ status: 200, body }))
      .catch((error: Error) => ({
        status: error instanceof Answer ? error.status : 500,
        body: { reason: error.message },
      }))
      .then(({ status, body }) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      );
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { GATEKEEPER_TOKEN: token, GATEKEEPER_PORT: port = '9500' } = process.env;
  if (!token) throw new Error('GATEKEEPER_TOKEN is not set. Set it to the token that EMS sends');
  const { url, stop } = await startGatekeeper(token, Number(port));
  console.log(`gatekeeper listens on ${url}`);
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void stop());
}
