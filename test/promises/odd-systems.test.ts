import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { hasRemovedRecently } from '../../src/activities/recent-removal.js';
import { hasRecentRecord } from '../../src/choreography/subscribers/recent-record.js';
import type { ProxiedAnswer, ProxiedRequest, Quirk } from '../support/fault-proxy.js';
import { temporal } from '../support/temporal.js';
import { CRITICAL_GROUPS, stepOf, type Hired } from '../support/world.js';
import { inBothForms, type Company } from './both-forms.js';
import { ended, opened, untilStep, waiting } from './on-the-way.js';

const { signal } = new AbortController();
const BLOCK = 'block-access:payroll';
const TYPE = { 'content-type': 'application/scim+json' };
const refusal = (status: number, detail: string, headers: Record<string, string> = {}): ProxiedAnswer => ({
  status,
  headers: { ...TYPE, ...headers },
  body: JSON.stringify({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    detail,
  }),
});
const isFiltered = ({ path }: ProxiedRequest): boolean => path.includes('filter=');

inBothForms(
  'with a critical system that answers in its own way',
  { systems: ['payroll', 'production'] },
  (company) => {
    let world: Company;
    beforeEach(() => (world = company()));
    afterEach(() => world.proxies.payroll.quirk(undefined));
    const behaves = (quirk: Quirk): void => world.proxies.payroll.quirk(quirk);

    /** As one process of EMS asks for the exits that another one carries out. */
    const hasRemoved = async ({ employeeId }: Hired, system: string, groupId: string): Promise<boolean> => {
      const from = { system, groupId };
      if (world.bus) return hasRecentRecord(world.bus)(employeeId, from, signal);
      const { client } = await temporal();
      const asked = () => hasRemovedRecently(employeeId, from, signal);
      return (await new MockActivityEnvironment(undefined, { client }).run(asked)) as boolean;
    };

    it('an exit explains the loss of a membership only where it has just set out to remove it', async () => {
      const groups = await world.admin.production.groupIds();
      const idOf = (name: string) => groups.find(({ displayName }) => displayName === name)!.id;
      const [critical, other] = [idOf(CRITICAL_GROUPS[0]!), idOf('readers')];
      world.proxies.production.fault(() => ({ kind: 'unreachable' }));
      const nora = await opened(world);
      await untilStep(world, nora, BLOCK, 'done');
      assert.equal(await hasRemoved(nora, 'production', critical), false, 'it was merely opened');
      await world.mend();
      await untilStep(world, nora, 'block-access:production', 'done');
      assert.equal(await hasRemoved(nora, 'production', critical), true);
      assert.equal(await hasRemoved(nora, 'production', other), false);
      assert.equal(await hasRemoved(nora, 'payroll', critical), false);
      assert.equal(await hasRemoved(await world.hire(), 'production', critical), false);
      await ended(world, nora, 'retained');
      assert.equal(await hasRemoved(nora, 'production', critical), false, 'it was given back');
      const leaver = await waiting(world);
      await ended(world, leaver, 'leaving');
      assert.equal(await hasRemoved(leaver, 'production', critical), true);
    });

    it('an exit waits as long as the system asks, also where it says 403', async () => {
      const { payroll } = world.proxies;
      let refused = 0;
      behaves((forward) => (request) => {
        if (request.method !== 'PATCH' || refused > 0) return forward(request);
        refused += 1;
        return Promise.resolve(
          refusal(403, 'too fast', { 'retry-after': '2', 'x-ratelimit-remaining': '0' }),
        );
      });
      payroll.seen.length = 0;
      const nora = await opened(world);
      await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
      const [first, second] = payroll.seen.filter(({ method }) => method === 'PATCH');
      assert.ok(second!.atMs - first!.atMs >= 1900, `after ${second!.atMs - first!.atMs} ms`);
      assert.equal((await world.account(nora, 'payroll')).active, false);
    });

    it('an exit shows the reason of the system first', async () => {
      behaves(
        (forward) => (request) =>
          request.method === 'PATCH'
            ? Promise.resolve(refusal(403, 'the last owner cannot be suspended'))
            : forward(request),
      );
      const nora = await opened(world);
      const { error } = stepOf(await untilStep(world, nora, BLOCK), BLOCK)!;
      assert.match(error!, /^payroll answered 403 to ".*": the last owner cannot be suspended; /);
    });

    it('an exit blocks the right account where the system ignores every filter', async () => {
      const other = await world.hire();
      behaves((forward) => (request) => {
        const url = new URL(request.path, 'http://server');
        url.searchParams.delete('filter');
        return forward({ ...request, path: url.pathname + url.search });
      });
      const nora = await opened(world);
      await world.until(nora, 'blocked', ({ blockedAt }) => blockedAt !== undefined);
      world.proxies.payroll.quirk(undefined);
      assert.equal((await world.account(nora, 'payroll')).active, false);
      assert.equal((await world.account(other, 'payroll')).active, true);
    });

    it('an exit is not blocked where the system finds no account and cannot be read whole', async () => {
      const empty = JSON.stringify({ totalResults: 0, Resources: [] });
      behaves((forward) => (request) => {
        if (isFiltered(request)) return Promise.resolve({ status: 200, headers: TYPE, body: empty });
        return /\/Users(\?|$)/.test(request.path)
          ? Promise.resolve(refusal(501, 'lists are not implemented'))
          : forward(request);
      });
      const nora = await opened(world);
      const status = await untilStep(world, nora, BLOCK, 'cannot-tell');
      assert.equal(status.blockedAt, undefined);
      assert.match(
        stepOf(status, BLOCK)!.error!,
        /^cannot tell: payroll cannot be asked: .*lists are not implemented/,
      );
    });

    it('an exit is not blocked where a critical group comes by way of another one, and names that one', async () => {
      const { production } = world.admin;
      const nora = await world.hire();
      const id = nora.accounts.production!;
      const critical = await production.groupIds();
      const idOf = (name: string): string => critical.find(({ displayName }) => displayName === name)!.id;
      for (const name of CRITICAL_GROUPS) await production.removeMember(idOf(name), id);
      const inner = await production.createGroup(`sre-of-${nora.employeeId}`, [id]);
      await production.addMember(idOf('production-admins'), inner);
      await world.exits.open({ employeeId: nora.employeeId });
      const status = await untilStep(world, nora, 'block-access:production');
      assert.equal(status.blockedAt, undefined);
      assert.match(
        stepOf(status, 'block-access:production')!.error!,
        /production-admins .*by way of sre-of-/,
      );
      await production.deleteGroup(inner);
    });
  },
);
