import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { ended, opened, untilStep } from '../promises/on-the-way.js';
import { HR, IT, startWorld, stepOf, type Hired, type World } from '../support/world.js';

/** What the system's own API sees: which account's sessions were ended, with which token, and what SCIM said of it then. */
interface Call {
  path: string;
  authorization: string;
  wasActive: boolean;
}

describe('a system whose sessions can be ended', () => {
  let world: World;
  let api: http.Server;
  let nora: Hired;
  let status = 204;
  const calls: Call[] = [];

  before(async () => {
    api = http.createServer((request, response) => {
      void (async () => {
        const { active } = await world.account(nora, 'code');
        const { authorization = '' } = request.headers;
        calls.push({ path: `${request.method} ${request.url}`, authorization, wasActive: active });
        response.writeHead(status).end();
      })();
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const { port } = api.address() as AddressInfo;
    world = await startWorld({
      env: { CODE_API_TOKEN: 'token-of-the-api' },
      config: [
        [
          'tokenEnv: CODE_SCIM_TOKEN',
          `tokenEnv: CODE_SCIM_TOKEN\n    sessionRevocation: { method: POST, url: 'http://127.0.0.1:${port}/users/{id}/revoke', tokenEnv: CODE_API_TOKEN }`,
        ],
      ],
    });
  });
  beforeEach(async () => {
    calls.length = 0;
    status = 204;
    nora = await world.hire();
    await world.exits.open({ employeeId: nora.employeeId });
  });
  after(async () => {
    await world.stop();
    api.close();
  });

  const expected = () => `POST /users/${nora.accounts.code}/revoke`;

  it('ends them after the suspension, and again before the account is active', async () => {
    await world.untilPhase(nora, 'awaiting-decision');
    await ended(world, nora, 'retained');
    assert.deepEqual(
      calls.map(({ path, wasActive }) => [path, wasActive]),
      [
        [expected(), false],
        [expected(), false],
      ],
    );
    assert.equal(calls[0]?.authorization, 'Bearer token-of-the-api');
    assert.equal((await world.account(nora, 'code')).active, true);
  });

  it('ends them when access is revoked', async () => {
    await world.untilPhase(nora, 'awaiting-decision');
    await ended(world, nora, 'leaving');
    assert.equal(calls.length, 2);
    assert.ok(calls.every(({ path, wasActive }) => path === expected() && !wasActive));
  });
});

describe('sessions that cannot be ended', () => {
  it('need attention without showing the token: a suspended account with live sessions is not blocked', async () => {
    const api = http.createServer((_request, response) => response.writeHead(404).end());
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const { port } = api.address() as AddressInfo;
    const world = await startWorld({
      env: { CODE_API_TOKEN: 'token-of-the-api' },
      config: [
        [
          'tokenEnv: CODE_SCIM_TOKEN',
          `tokenEnv: CODE_SCIM_TOKEN\n    sessionRevocation: { url: 'http://127.0.0.1:${port}/revoke?user={userName}', tokenEnv: CODE_API_TOKEN }`,
        ],
      ],
    });
    try {
      const nora = await opened(world);
      const stuck = await untilStep(world, nora, 'block-access:code');
      const { error } = stepOf(stuck, 'block-access:code')!;
      assert.match(error!, /ending the sessions of .* on code was answered with 404: end them by hand/);
      assert.ok(!error!.includes('token-of-the-api'));
      assert.equal(stuck.blockedAt, undefined);
      assert.equal((await world.account(nora, 'code')).active, false);

      await world.exits.resolve(nora.employeeId, {
        step: 'block-access',
        system: 'code',
        action: 'done-by-hand',
        by: IT,
        evidence: 'ended in the console',
      });
      await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
      await untilStep(world, nora, 'revoke-access:code');
    } finally {
      await world.stop();
      api.close();
    }
  });
});
