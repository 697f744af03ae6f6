import assert from 'node:assert/strict';
import type { Proposal } from '../../src/exit/proposals.js';
import { startBothForms, type BothFormsWorld } from '../support/both-forms-world.js';
import { page as shown } from '../support/ems.js';
import { eventually } from '../support/eventually.js';
import { startHttpServer, type HttpServer } from '../support/http-server.js';
import { startTokenIssuer, type TokenIssuer } from '../support/token-issuer.js';
import { HR, IT, stateOf } from '../support/world.js';

const scope = 'exits:read exits:decide exits:resolve';
const OTHER = 'ivo.other@acme.example';
const operator = { email: OTHER, name: 'Ivo Other', roles: ['operator'], scope };
const hr = { email: HR, name: 'Hanna HR', roles: ['hr'], scope };

describe('an override that another person has proposed', () => {
  let world: BothFormsWorld;
  let issuer: TokenIssuer;
  let server: HttpServer;
  before(async () => {
    const config: [string, string][] = [['secondPerson: []', 'secondPerson: [override]']];
    [world, issuer] = await Promise.all([
      startBothForms({ systems: ['production'], config }),
      startTokenIssuer(),
    ]);
    server = await startHttpServer(world, issuer.issuer);
    await world.hire({ on: [], email: OTHER });
    await world.admin.production.setActive(world.standIn, false);
  });
  after(async () => {
    await world.admin.production.setActive(world.standIn, true);
    await server.stop();
    await issuer.stop();
    await world.stop();
  });

  for (const form of ['orchestrated', 'choreographed'] as const)
    it(`is rejected over the API by an operator, and with "ems", in the ${form} form`, async () => {
      const { employeeId, accounts } = await world.hire({ on: ['production'] });
      const { opened } = await world.application.open({ employeeId, overrideBy: HR }, form);
      const proposals = () =>
        eventually('a proposal that waits', async () => {
          const { proposals: all } = await world.application.status({ employeeId });
          return all.find(({ state }) => state === 'open');
        });
      const post = async (who: object, path: string, body: object) => {
        const token = await issuer.token({ ...who }, server.audience);
        const response = await fetch(`${server.url}/api/v1/exits/${opened.exitId}/${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        return { status: response.status, body: (await response.json()) as Proposal };
      };
      const first = await proposals();
      assert.equal((await post(hr, 'confirmation', { number: first.number })).status, 403);
      const rejected = await post(operator, 'rejection', { number: first.number, note: 'add one first' });
      assert.deepEqual([rejected.status, rejected.body.state], [200, 'rejected']);

      const retry = { step: 'block-access', system: 'production', action: 'retry', override: true } as const;
      await world.application.resolve({ employeeId }, { ...retry, by: IT });
      const second = await proposals();
      const other = await post(hr, 'rejection', { number: second.number });
      assert.equal(other.status, 403, 'it is neither theirs to resolve, nor their own');
      assert.match(
        await shown(world.env, 'status', employeeId),
        new RegExp(`ems decide ${employeeId} --confirm\\|--reject --proposal ${second.number} --by`),
      );
      const number = ['--proposal', String(second.number)];
      const by = ['--by', OTHER];
      assert.match(
        await shown(world.env, 'decide', employeeId, '--reject', ...number, ...by),
        /^The proposal of it@acme\.example .* an override of the protected groups on production, is rejected/,
      );

      await world.application.resolve({ employeeId }, { ...retry, by: IT });
      const third = await proposals();
      await shown(world.env, 'decide', employeeId, '--confirm', '--proposal', String(third.number), ...by);
      await eventually('the block', async () => {
        const status = await world.application.status({ employeeId });
        return stateOf(status, 'block-access:production') === 'done' || undefined;
      });
      await world.application.decide({ employeeId }, { outcome: 'retained', decidedBy: HR });
      await world.untilIn('closed', { employeeId });
      // Otherwise the next one is not the last active member.
      await world.admin.production.setActive(accounts.production!, false);
    });
});
