import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HR, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, settle, untilStep, waiting } from './on-the-way.js';

/** What the system's own API was asked, and whether SCIM called the account active at that moment. */
interface Call {
  request: string;
  authorization: string | undefined;
  wasActive: boolean;
}

let world: Company;
let status = 204;
const calls: Call[] = [];
const api = createServer(({ method, url, headers: { authorization } }, response) => {
  const [, , id] = url!.split('/');
  void world.admin.code.account(id!).then(({ active: wasActive }) => {
    calls.push({ request: `${method} ${url}`, authorization, wasActive });
    response.writeHead(status).end();
  });
});
await once(api.listen(0, '127.0.0.1').unref(), 'listening');
const { port } = api.address() as AddressInfo;

const revocation = [
  'tokenEnv: CODE_SCIM_TOKEN',
  `    sessionRevocation: { url: 'http://127.0.0.1:${port}/users/{id}/revoke?user={userName}', tokenEnv: CODE_API_TOKEN }`,
].join('\n');

inBothForms(
  'the sessions of a blocked account',
  {
    systems: ['code'],
    env: { CODE_API_TOKEN: 'token-of-the-api' },
    config: [['tokenEnv: CODE_SCIM_TOKEN', revocation]],
  },
  (company) => {
    beforeEach(() => (world = company()));
    afterEach(() => (status = 204));

    const callsFor = ({ accounts, email }: Hired) => {
      const expected = `POST /users/${accounts.code}/revoke?user=${encodeURIComponent(email)}`;
      return calls.filter(({ request }) => request === expected);
    };
    /** Begins with the block, and looks at each call that the API has had by the end. */
    async function callsUntil(outcome: 'retained' | 'leaving'): Promise<Hired> {
      const nora = await waiting(world, { on: ['code'] });
      assert.equal(callsFor(nora).length, 1, 'the block ends them');
      await ended(world, nora, outcome);
      assert.equal(callsFor(nora).length, 2, `"${outcome}" ends them again`);
      for (const { wasActive, authorization } of callsFor(nora))
        assert.deepEqual([wasActive, authorization], [false, 'Bearer token-of-the-api']);
      return nora;
    }

    it('end after the suspension, and again before the account becomes active', async () => {
      const nora = await callsUntil('retained');
      assert.equal((await world.account(nora, 'code')).active, true);
    });

    it('end when access is revoked', async () => {
      const nora = await callsUntil('leaving');
      assert.equal((await world.account(nora, 'code')).active, false);
    });

    it('need attention where the system cannot end them: the account is suspended, but not called blocked', async () => {
      status = 404;
      const nora = await opened(world, { on: ['code'] });
      const stuck = await untilStep(world, nora, 'block-access:code');
      const { error } = stepOf(stuck, 'block-access:code')!;
      assert.match(error!, /^code answered 404 to "end the sessions of .*\. End them by hand/);
      assert.ok(!error!.includes('token-of-the-api'));
      assert.equal(stuck.blockedAt, undefined);
      assert.equal((await world.account(nora, 'code')).active, false);

      await settle(world, nora, 'block-access:code', 'done-by-hand', 'ended in the console');
      await world.exits.decide(nora.employeeId, { outcome: 'leaving', decidedBy: HR });
      await untilStep(world, nora, 'revoke-access:code');
      status = 204;
      await settle(world, nora, 'revoke-access:code', 'retry');
      await world.untilPhase(nora, 'closed');
    });
  },
);
