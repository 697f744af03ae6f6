/** A table over the API: each row comes once it is done, and an answer that ends too soon is no end. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inLines, JSON_LINES } from '../../src/http/json-lines.js';
import { apiClientOf } from '../../src/remote/api-client.js';
import { exitsOverApi } from '../../src/remote/exits-over-api.js';
import { all } from '../../src/client/bulk.js';
import type { Refusal } from '../../src/exit/refusal.js';
import { startConsoleWorld, type ConsoleWorld } from '../support/console-world.js';
import { gate } from '../support/gate.js';
import { startHttpServer, type HttpServer } from '../support/http-server.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR } from '../support/world.js';

describe('a table over the API', () => {
  let world: ConsoleWorld;
  let issuer: TokenIssuer;
  let server: HttpServer;
  let exits: ReturnType<typeof exitsOverApi>;
  before(async () => {
    world = await startConsoleWorld({ systems: ['payroll'] });
    issuer = await startTokenIssuer();
    server = await startHttpServer(world, issuer.issuer);
    const token = () =>
      issuer.token(
        { sub: 'hr-1', email: HR, roles: ['hr'], scope: 'exits:read exits:open' },
        server.audience,
      );
    exits = exitsOverApi(apiClientOf({ console: server.url, token }));
  });
  afterEach(() => world.mend());
  after(async () => {
    await exits.close();
    await server.stop();
    await issuer.stop();
    await world.stop();
  });

  it('shows and opens row by row, while a later row is not done yet', async () => {
    const people = await Promise.all([1, 2, 3].map(() => world.hire({ on: ['payroll'] })));
    const ids = people.map(({ employeeId }) => employeeId);
    const csv = ['employeeId', ...ids].join('\n');
    const form = 'orchestrated' as const;
    const slowly = () => {
      const { passed: until, open } = gate();
      world.proxies.directory.fault(({ path }) =>
        path.includes(ids[2]!) ? { kind: 'held', until } : undefined,
      );
      return open;
    };
    const show = slowly();
    const { rows, opensNow } = exits.previewTable({ csv, form });
    const shown = rows[Symbol.asyncIterator]();
    assert.equal((await shown.next()).value!.employeeId, ids[0]);
    show();
    const rest = await all({ [Symbol.asyncIterator]: () => shown });
    assert.deepEqual(
      rest.map(({ employeeId }) => employeeId),
      ids.slice(1),
    );
    assert.equal(await opensNow([]), 3);

    const open = slowly();
    const opened = exits.openTable({ csv, form, confirm: 3 })[Symbol.asyncIterator]();
    const { value: first } = await opened.next();
    assert.deepEqual([first.employeeId, first.state], [ids[0], 'opened']);
    open();
    const others = await all({ [Symbol.asyncIterator]: () => opened });
    assert.deepEqual(
      others.map(({ state }) => state),
      ['opened', 'opened'],
    );
  });

  it('is refused as a whole before the first row', async () => {
    const { employeeId } = await world.hire({ on: ['payroll'] });
    const csv = `employeeId\n${employeeId}`;
    await assert.rejects(
      all(exits.openTable({ csv, form: 'orchestrated', confirm: 2 })),
      ({ code, message }: Refusal) => code === 'invalid' && /has 1 row/.test(message),
    );
  });
});

describe('rows that come one by one', () => {
  const row = { employeeId: 'E-1', state: 'opened' };

  /** A console that answers so. */
  async function answering(lines: readonly object[]) {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': JSON_LINES });
      for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const api = apiClientOf({ console: `http://127.0.0.1:${port}`, token: () => Promise.resolve('a-token') });
    const found: object[] = [];
    const read = async () => {
      for await (const each of api.rows<object>('/table', {})) found.push(each);
    };
    const stop = async () => {
      server.close();
      await api.close();
    };
    return { read, found, stop };
  }

  it('and have no end are told as cut off, and what may have happened', async () => {
    const { read, found, stop } = await answering([{ row }]);
    await assert.rejects(
      read(),
      ({ code, message }: Refusal) =>
        code === 'unreachable' &&
        message.endsWith('its answer was cut off. A command that changes an exit may still take effect'),
    );
    assert.deepEqual(found, [row]);
    await stop();
  });

  it('and end with a problem are refused with it', async () => {
    const detail = 'Temporal does not answer';
    const problem = { type: 'about:blank', title: '', status: 503, detail, code: 'unreachable', facts: {} };
    const { read, found, stop } = await answering([{ row }, { problem }]);
    await assert.rejects(
      read(),
      ({ code, message }: Refusal) => code === 'unreachable' && message === detail,
    );
    assert.deepEqual(found, [row]);
    await stop();
  });

  it('are left where their reader goes away', async () => {
    const left = gate();
    async function* endless() {
      try {
        for (;;) yield await Promise.resolve(row);
      } finally {
        left.open();
      }
    }
    const lines = await inLines({ rows: endless() }, assert.fail);
    lines.destroy();
    await left.passed;
  });
});
