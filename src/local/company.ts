/**
 * Acme, the sample company: the initial data of the directory and the three critical systems.
 *
 * | employee | special case                                                                                            |
 * | -------- | ------------------------------------------------------------------------------------------------------- |
 * | E-1001   | leads the company and has no manager: HR replaces the manager                                            |
 * | E-1004   | on `production` in both critical groups and in another one: the hold takes only the critical ones        |
 * | E-1006   | on `production` in one critical group, on `code` in three groups                                         |
 * | E-1007   | was suspended on `code` before the exit, and stays so, also when retained                                |
 * | E-1008   | has no account on `production`                                                                           |
 * | E-1009   | on `payroll` and `code` found only by the employee number, since the user name is no mail address; Dublin |
 * | E-1011   | has the inactive manager E-1012: HR replaces the manager; lives in Tokyo                                 |
 * | E-1012   | has left already, and is inactive everywhere                                                             |
 */
import type { StoredResource } from './scim-store.js';

const CORE_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const CORE_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

interface Person {
  employeeId: string;
  name: string;
  mail: string;
  manager?: string;
  language?: string;
  timeZone?: string;
}

export const people: Person[] = [
  { employeeId: 'E-1001', name: 'Amara Okafor', mail: 'amara.okafor' },
  { employeeId: 'E-1002', name: 'Dana Fox', mail: 'dana.fox', manager: 'E-1003' },
  { employeeId: 'E-1003', name: 'Ravi Menon', mail: 'ravi.menon', manager: 'E-1001' },
  { employeeId: 'E-1004', name: 'Lena Vogel', mail: 'lena.vogel', manager: 'E-1005', language: 'de-DE' },
  { employeeId: 'E-1005', name: 'Tomás Herrera', mail: 'tomas.herrera', manager: 'E-1001' },
  { employeeId: 'E-1006', name: 'Mei Chen', mail: 'mei.chen', manager: 'E-1005' },
  { employeeId: 'E-1007', name: 'Yusuf Demir', mail: 'yusuf.demir', manager: 'E-1005', language: 'de-DE' },
  { employeeId: 'E-1008', name: 'Ingrid Solberg', mail: 'ingrid.solberg', manager: 'E-1003' },
  {
    employeeId: 'E-1009',
    name: "Seán O'Brien",
    mail: 'sean.obrien',
    manager: 'E-1005',
    timeZone: 'Europe/Dublin',
  },
  { employeeId: 'E-1010', name: 'Fatima-Zahra El Idrissi', mail: 'fatima.elidrissi', manager: 'E-1003' },
  {
    employeeId: 'E-1011',
    name: 'Hiroshi Tanaka',
    mail: 'hiroshi.tanaka',
    manager: 'E-1012',
    timeZone: 'Asia/Tokyo',
  },
  { employeeId: 'E-1012', name: 'Paul Becker', mail: 'paul.becker', manager: 'E-1001', language: 'de-DE' },
];

const groups: Record<string, Record<string, string[]>> = {
  directory: { everyone: people.map(({ employeeId }) => employeeId) },
  payroll: { 'payroll-clerks': ['E-1002', 'E-1008'], 'payroll-approvers': ['E-1003'] },
  code: {
    developers: ['E-1004', 'E-1005', 'E-1006', 'E-1007', 'E-1009', 'E-1011'],
    maintainers: ['E-1005', 'E-1006'],
    'release-managers': ['E-1006'],
  },
  production: {
    'production-operators': ['E-1004', 'E-1006', 'E-1011'],
    'production-admins': ['E-1004', 'E-1005'],
    'status-page-readers': ['E-1004', 'E-1006', 'E-1010'],
  },
};

export const systemNames = ['payroll', 'code', 'production'] as const;

/** @param server `directory`, or the name of a critical system @returns its initial accounts and groups */
export function seedOf(server: string): { users: StoredResource[]; groups: StoredResource[] } {
  const isThere = ({ employeeId }: Person) =>
    !(server === 'production' && ['E-1008', 'E-1009'].includes(employeeId));
  return {
    users: people.filter(isThere).map((person) => account(server, person)),
    groups: Object.entries(groups[server] ?? {}).map(([displayName, members]) => ({
      schemas: [CORE_GROUP],
      id: `${server}-group-${displayName}`,
      displayName,
      members: members.map((employeeId) => ({ value: idOf(server, employeeId), type: 'User' })),
      meta: meta(),
    })),
  };
}

function account(
  server: string,
  { employeeId, name, mail, manager, language, timeZone }: Person,
): StoredResource {
  const isOdd = employeeId === 'E-1009' && server !== 'directory';
  const isSuspended = employeeId === 'E-1012' || (employeeId === 'E-1007' && server === 'code');
  const [givenName, ...rest] = name.split(' ');
  return {
    schemas: [CORE_USER, ENTERPRISE_USER],
    id: idOf(server, employeeId),
    userName: isOdd ? 'sob-7' : `${mail}@acme.example`,
    ...(!isOdd && { externalId: employeeId }),
    displayName: name,
    name: { givenName, familyName: rest.join(' '), formatted: name },
    emails: [{ value: `${mail}@acme.example`, primary: true, type: 'work' }],
    ...(language && { preferredLanguage: language }),
    ...(timeZone && { timezone: timeZone }),
    active: !isSuspended,
    [ENTERPRISE_USER]: {
      employeeNumber: employeeId,
      ...(manager && { manager: { value: idOf(server, manager) } }),
    },
    meta: meta(),
  } as StoredResource;
}

const idOf = (server: string, employeeId: string): string => `${server}-user-${employeeId.slice(2)}`;

function meta(): StoredResource['meta'] {
  const now = new Date().toISOString();
  return { created: now, lastModified: now, version: 'W/"1"' };
}
