/** Servers of several nodes, of which one shows what was before a write for some time. */
import assert from 'node:assert/strict';
import { nothing, type CapturedAccount, type HoldKind } from '../../src/exit/hold-facts.js';
import { createAccessService } from '../../src/services/access/access.js';
import { byEmployeeId } from '../support/matching.js';
import { newPort, scimError, withOddServer, type Json } from '../support/odd-scim-server.js';

const { signal } = new AbortController();
const SUSPEND = { kind: 'suspend' } as const;
const PRODUCTION = { kind: 'groups' as const, groups: ['production'] };
const LAG_MS = 600;
const settleMs = 1_000;

describe('a SCIM server with a node that lags behind', () => {
  const server = withOddServer();
  let lagging: { users: Json[]; groups: Json[]; until: number } | undefined;
  /** The node that lags is asked from now on. */
  let asksLagging = false;

  const service = () =>
    createAccessService({
      port: newPort(server, settleMs),
      match: byEmployeeId('externalId'),
      declared: { settleMs },
    });
  const captured = async (access: ReturnType<typeof service>, hold: HoldKind): Promise<CapturedAccount> =>
    (await access.capture({ employeeId: 'E-1' }, hold, signal)).accounts[0]!;
  const block = (access: ReturnType<typeof service>, account: CapturedAccount, hold: HoldKind) =>
    access.block(account, hold, nothing, () => Promise.resolve(), signal);

  for (const hasEtags of [true, false])
    describe(hasEtags ? 'and has ETags' : 'and has no ETags', () => {
      beforeEach(() => {
        [lagging, asksLagging] = [undefined, false];
        server.users.push({ id: 'u-1', userName: 'dana', externalId: 'E-1', active: true });
        server.addGroup('production', 'u-1', 'u-2');
        let version = 1;
        if (hasEtags)
          for (const each of [...server.users, ...server.groups]) each['meta'] = { version: 'W/"1"' };
        server.odd(({ type, method, headers }, usual) => {
          if (type === 'ServiceProviderConfig')
            return { status: 200, body: { etag: { supported: hasEtags } } };
          if (method === 'PATCH') {
            if (hasEtags && headers['if-match'] !== undefined && headers['if-match'] !== `W/"${version}"`)
              return scimError(412, 'another version');
            const { users, groups } = server;
            lagging = structuredClone({ users, groups, until: Date.now() + LAG_MS });
            const answer = usual();
            version += 1;
            if (hasEtags)
              for (const each of [...users, ...groups]) each['meta'] = { version: `W/"${version}"` };
            return answer;
          }
          if (!asksLagging || !lagging || Date.now() > lagging.until) return usual();
          const now = [
            server.users.splice(0, Infinity, ...lagging.users),
            server.groups.splice(0, Infinity, ...lagging.groups),
          ];
          const answer = structuredClone(usual());
          server.users.splice(0, Infinity, ...now[0]!);
          server.groups.splice(0, Infinity, ...now[1]!);
          return answer;
        });
      });

      for (const [what, hold] of [
        ['the activation', SUSPEND],
        ['a membership', PRODUCTION],
      ] as const)
        it(`gets ${what} back also where the restore first reads what was before the block`, async () => {
          const access = service();
          const account = await captured(access, hold);
          const { taken, version } = await block(access, account, hold);
          asksLagging = true;
          const { givenBack } = await access.restore(account, taken, signal, {
            employee: { employeeId: 'E-1' },
            earlier: { version },
          });
          assert.deepEqual(
            [givenBack.suspended, givenBack.groups.length],
            [taken.suspended, taken.groups.length],
          );
          assert.equal(server.user('u-1')['active'], true);
          assert.ok(JSON.stringify(server.groups).includes('"u-1"'));
        });

      it('has the account blocked again, though it first reads what was before the restore', async () => {
        const access = service();
        const account = await captured(access, SUSPEND);
        const { taken } = await block(access, account, SUSPEND);
        await access.restore(account, taken, signal);
        asksLagging = true;
        const again = await block(access, await captured(access, SUSPEND), SUSPEND);
        assert.equal(again.taken.suspended, true);
        assert.equal(server.user('u-1')['active'], false);
      });
    });
});
