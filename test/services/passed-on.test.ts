/** An account that has passed to another person, and waits for them inactive, as a hold has left it. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { FailureType } from '../../src/exit/failures.js';
import type { AccessPort, Membership } from '../../src/services/access/access-port.js';
import { createAccessService } from '../../src/services/access/access.js';
import { createKeycloakAdapter } from '../../src/services/access/adapters/keycloak-adapter.js';
import { createLdapAdapter } from '../../src/services/access/adapters/ldap-adapter.js';
import type { KeycloakClient } from '../../src/services/protocols/keycloak.js';
import { createLdapClient } from '../../src/services/protocols/ldap.js';
import { NOTHING, SUSPEND } from '../support/critical-system.js';
import { finalFailure } from '../support/failures.js';
import { describeUnless } from '../support/installed.js';
import { ldapAdmin } from '../support/ldap-admin.js';
import { change } from '../support/ldap-change.js';
import { byEmployeeId } from '../support/matching.js';
import { newPort, withOddServer } from '../support/odd-scim-server.js';
import { slapdLacks, startSlapd } from '../support/slapd.js';
import { scratchFolder } from '../support/temporal.js';

const { signal } = new AbortController();
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** Another process revokes than the one that has blocked. */
async function revokesNothing(
  newPortOf: () => AccessPort,
  { employeeId, attribute, id }: { employeeId: string; attribute: string; id: string },
  passOn: () => unknown,
): Promise<void> {
  const access = () =>
    createAccessService({
      port: newPortOf(),
      match: byEmployeeId(attribute),
      declared: { settleMs: 0 },
    });
  const [account] = (await access().capture({ employeeId }, SUSPEND, signal)).accounts;
  await access().block(account!, SUSPEND, NOTHING, () => Promise.resolve(), signal);
  await passOn();
  const before = await access().memberships(id, signal);
  assert.ok(before.length > 0);
  const reason = await finalFailure(
    FailureType.CannotTell,
    access().revoke({ employeeId }, [account!], signal),
  );
  assert.match(
    reason,
    /no longer finds the account .*, and it is called kim now, and it shows .*7: look whose/,
  );
  assert.deepEqual(await access().memberships(id, signal), before);
}

describe('a revocation takes nothing from the new owner of an inactive account', () => {
  describe('of a SCIM server', () => {
    const server = withOddServer();

    for (const [what, attribute, of] of [
      ['a text', 'externalId', (n: number) => ({ externalId: `E-${n}` })],
      ['a number', 'employeeNumber', (n: number) => ({ employeeNumber: n })],
      [
        'in an extension',
        `${ENTERPRISE_USER}:employeeNumber`,
        (n: number) => ({ [ENTERPRISE_USER]: { employeeNumber: `E-${n}` } }),
      ],
    ] as const)
      it(`where the employee id is ${what}`, async () => {
        server.users.push({ id: 'u-2', userName: 'ravi', active: true, ...of(1002) });
        const dana = { id: 'u-1', userName: 'dana', active: true, ...of(1001) };
        server.users.push(dana);
        server.addGroup('readers', 'u-1', 'u-2');
        const employeeId = what === 'a number' ? '1001' : 'E-1001';
        await revokesNothing(
          () => newPort(server),
          { employeeId, attribute, id: 'u-1' },
          () => {
            Object.assign(dana, { userName: 'kim', ...of(1007) });
            server.addGroup('kims', 'u-1', 'u-2');
          },
        );
      });
  });

  it('of Keycloak', async () => {
    const { port, dana } = realm();
    await revokesNothing(port, { employeeId: 'E-1', attribute: 'number', id: 'k-1' }, () =>
      Object.assign(dana, { username: 'kim', attributes: { number: ['E-7'] } }),
    );
  });

  describeUnless(slapdLacks, 'of OpenLDAP', () => {
    it('where none of its names is as it was', async () => {
      const server = await startSlapd(path.join(await scratchFolder(), 'log'));
      const admin = ldapAdmin(server);
      try {
        const id = await admin.createUser({ employeeId: 'Z-1', userName: 'zoe' });
        await admin.createUser({ employeeId: 'Z-2' });
        const { url, bindDn, password, dialect, userBase, groupBase } = server;
        const client = { name: 'unix', url, bindDn, password, requestTimeoutMs: 5000 };
        const bases = { dialect, userBase, groupBase, ids: ['employeeNumber'] };
        await revokesNothing(
          () => createLdapAdapter({ ldap: createLdapClient(client), ...bases }),
          { employeeId: 'Z-1', attribute: 'employeeNumber', id },
          async () => {
            const mail = 'kim@acme.example';
            for (const [type, value] of Object.entries({ uid: 'kim', mail, employeeNumber: 'Z-7' }))
              await admin.modify(id, change('replace', type, value));
            await admin.createGroup('kims', [id]);
          },
        );
      } finally {
        await server.stop();
      }
    });
  });
});

/** A realm with two users, both in one group. */
function realm() {
  const user = (id: string, username: string, number: string) => ({
    id,
    username,
    enabled: true,
    attributes: { number: [number] },
  });
  const dana = user('k-1', 'dana', 'E-1');
  const users = [dana, user('k-2', 'ravi', 'E-2')];
  const readers = { id: 'g-1', name: 'readers', path: '/readers' };
  let groups: Membership['group'][] = [{ id: 'g-1', displayName: 'readers' }];
  const keycloak: Partial<KeycloakClient> = {
    name: 'sso',
    getUser: (id) => Promise.resolve(users.find((each) => each.id === id)),
    findUsers: ({ q, username }) =>
      Promise.resolve(
        users.filter((each) => {
          const asked = q === undefined ? username : /"([^"]*)"$/.exec(q)?.[1];
          return asked === undefined || [each.username, ...each.attributes.number].includes(asked);
        }),
      ),
    knownAttributes: () => Promise.resolve(['number']),
    setEnabled: (id, enabled) => {
      users.find((each) => each.id === id)!.enabled = enabled;
      return Promise.resolve(true);
    },
    groupsOf: () => Promise.resolve({ groups: groups.length > 0 ? [readers] : [], ofOrganizations: [] }),
    removeMember: () => {
      groups = [];
      return Promise.resolve(true);
    },
    logout: () => Promise.resolve(true),
  };
  return { dana, port: () => createKeycloakAdapter(keycloak as KeycloakClient, ['number']) };
}
