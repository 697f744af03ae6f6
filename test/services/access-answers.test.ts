/** How the hold treats answers that other protocols give and SCIM does not. */
import assert from 'node:assert/strict';
import { FailureType } from '../../src/exit/failures.js';
import { nothing, type HoldKind } from '../../src/exit/hold-facts.js';
import { byEmployeeId } from '../support/matching.js';
import type { AccessPort, Account, Membership, Outcome } from '../../src/services/access/access-port.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createKeycloakAdapter } from '../../src/services/access/adapters/keycloak-adapter.js';
import type { KeycloakClient } from '../../src/services/protocols/keycloak.js';
import { finalFailure } from '../support/failures.js';

const { signal } = new AbortController();
const SUSPEND: HoldKind = { kind: 'suspend' };
const GROUPS: HoldKind = { kind: 'groups', groups: ['admins'] };
const admins = { id: 'g1', displayName: 'admins' };
const captured = { id: 'a1', userName: 'dana', identities: ['dana'], active: true, groups: [admins] };
const direct: Membership = { group: admins, via: 'direct', changeable: true };
const nested: Membership = { group: admins, via: 'nested', changeable: 'through "staff"' };

/** A system of one account, which gives each write the same answer. */
function vault(
  answer: Outcome,
  memberships: Membership[] = [],
  others: Awaited<ReturnType<AccessPort['hasOtherActiveMember']>> = 'yes',
) {
  const account: Account = { ...captured };
  const writes: string[] = [];
  const write = (what: string, does: () => void): Promise<Outcome> => {
    writes.push(what);
    if (answer.kind !== 'refused') does();
    return Promise.resolve(answer);
  };
  const port: AccessPort = {
    system: 'vault',
    capabilities: () => Promise.resolve({ conditionalWrites: true, settleMs: 0, restore: 'exact' }),
    find: () => Promise.resolve([{ account, value: 'E-1' }]),
    read: () => Promise.resolve({ ...account }),
    setActive: (_seen, active) => write('setActive', () => (account.active = active)),
    groupsOf: () => Promise.resolve([...memberships]),
    findGroup: () => Promise.resolve([admins]),
    hasOtherActiveMember: () => Promise.resolve(others),
    removeFromGroup: (_id, seen) => write('remove', () => memberships.splice(memberships.indexOf(seen), 1)),
    addToGroup: (_id, group) => write('add', () => memberships.push({ ...direct, group })),
  };
  const service = createAccessService({ port, match: byEmployeeId('number'), protectedGroups: ['admins'] });
  const block = (hold: HoldKind, tried = nothing) =>
    service.block(captured, hold, tried, () => Promise.resolve(), signal);
  return { account, writes, memberships, service, block };
}

describe('a hold on a system of another protocol', () => {
  it('fails for good where the system refuses, and says why', async () => {
    const { block } = vault({ kind: 'refused', why: 'privileged', detail: 'needs a higher role' });
    assert.equal(
      await finalFailure(FailureType.Refused, block(SUSPEND)),
      'suspending the account dana on vault is refused (privileged): needs a higher role',
    );
  });

  for (const [kind, isOurs] of [
    ['unknown', true],
    ['unchanged', false],
  ] as const) {
    it(`counts a write that is answered with "${kind}" as ${isOurs ? 'its own' : 'the work of others'}`, async () => {
      assert.equal((await vault({ kind }).block(SUSPEND)).taken.suspended, isOurs);
      assert.equal((await vault({ kind }, [direct]).block(GROUPS)).taken.groups.length, isOurs ? 1 : 0);
    });
  }

  it('takes no group at all where one of them cannot be taken', async () => {
    const { block, writes } = vault({ kind: 'written' }, [direct, nested]);
    const reason = await finalFailure(FailureType.Refused, block(GROUPS));
    assert.equal(reason, 'dana cannot be removed from admins on vault (nested): through "staff"');
    assert.deepEqual(writes, []);
  });

  it('gives back a direct membership although the account has a nested one', async () => {
    const { service, memberships } = vault({ kind: 'written' }, [nested]);
    await service.restore(captured, { suspended: false, groups: [admins] }, signal);
    assert.deepEqual(memberships, [nested, direct]);
  });

  it('revokes the memberships that it can change, and reports those that stay', async () => {
    const { service, memberships } = vault({ kind: 'written' }, [direct, nested]);
    assert.deepEqual(await service.memberships('a1', signal), [admins]);
    const { removedGroups, notes } = await service.revoke({ employeeId: 'E-1' }, [captured], signal);
    assert.deepEqual([removedGroups, memberships], [[admins], [nested]]);
    assert.deepEqual(notes, ['dana stays in admins (nested): through "staff"']);
  });

  it('spares a protected group although the system does not tell its other members', async () => {
    const { block, writes } = vault({ kind: 'written' }, [direct], 'cannot tell');
    const reason = await finalFailure(FailureType.MaybeLastOfProtectedGroup, block(SUSPEND));
    assert.match(reason, /^cannot tell: vault does not list who else is in admins/);
    assert.deepEqual(writes, []);
  });
});

describe('a realm of Keycloak that finds no user by the key', () => {
  const capture = (shown: object[], isFound: (query: object) => boolean = () => false) => {
    const keycloak: Partial<KeycloakClient> = {
      name: 'sso',
      findUsers: (query) => Promise.resolve(('q' in query && !isFound(query) ? [] : shown) as never[]),
      knownAttributes: () => Promise.resolve(['number']),
    };
    const port = createKeycloakAdapter(keycloak as KeycloakClient, ['number']);
    const service = createAccessService({ port, match: byEmployeeId('number') });
    return service.capture({ employeeId: 'E-1' }, SUSPEND, signal);
  };

  const ravi = { id: 'k-2', username: 'ravi', enabled: true, attributes: { number: ['E-2'] } };

  it('has no account where the search finds another user by it', async () => {
    assert.deepEqual((await capture([ravi], ({ q }: { q?: string }) => q!.includes('E-2'))).accounts, []);
  });

  it('cannot tell where the search finds none of the users that show it, as without their import', async () => {
    const dana = { id: 'f:ldap:dana', username: 'dana', enabled: true, attributes: { number: ['E-1'] } };
    for (const [shown, because] of [
      [[ravi], /sso shows the number of ravi, and does not find it by that: import the users/],
      [[ravi, dana], /sso lists a user with the number "E-1", and does not find it/],
      [[{ ...ravi, attributes: {} }], /no account on sso shows number/],
    ] as const)
      assert.match(await finalFailure(FailureType.CannotTell, capture([...shown])), because);
  });

  it('cannot tell where it finds its own users, and none of a storage that it lists after them, also after another exit', async () => {
    const own = Array.from({ length: 120 }, (_, i) => ({
      ...{ id: `k-${i}`, username: `user-${i}`, enabled: true },
      attributes: { number: [`E-${100 + i}`] },
    }));
    const dana = { id: 'f:ldap:dana', username: 'dana', enabled: true, attributes: { number: ['E-1'] } };
    const users: object[] = [...own, dana];
    const keycloak: Partial<KeycloakClient> = {
      name: 'sso',
      findUsers: ({ q, max }, _signal, most) =>
        Promise.resolve(
          (q === undefined
            ? users.slice(0, Number(max ?? most ?? users.length))
            : own.filter(({ attributes }) => q.endsWith(`"${attributes.number[0]}"`))) as never[],
        ),
      knownAttributes: () => Promise.resolve(['number']),
    };
    const port = createKeycloakAdapter(keycloak as KeycloakClient, ['number']);
    const service = createAccessService({ port, match: byEmployeeId('number') });
    const capture = (employeeId: string) => service.capture({ employeeId }, SUSPEND, signal);
    assert.deepEqual((await capture('E-9')).accounts, []);
    const because = /sso lists a user with the number "E-1", and does not find it/;
    assert.match(await finalFailure(FailureType.CannotTell, capture('E-1')), because);
    assert.match(
      await finalFailure(FailureType.CannotTell, service.revoke({ employeeId: 'E-1' }, [], signal)),
      because,
    );
    users.pop();
    assert.deepEqual((await capture('E-1')).accounts, []);
  });

  it('cannot tell where it shows no user at all, for lack of a right', async () => {
    assert.match(
      await finalFailure(FailureType.CannotTell, capture([])),
      /sso shows no user at all, .*whether the service account has the role view-users/,
    );
  });
});
