/** The people of a chaos run, and what each of them has on each system before their exit. */
export const systems = ['payroll', 'code', 'production'] as const;
export type System = (typeof systems)[number];
export const servers = ['directory', ...systems] as const;
export type Server = (typeof servers)[number];

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE_USER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';

export interface State {
  active: boolean;
  groups: string[];
}

/** `spare`: no employee is in it at first; an administrator adds some. */
const groupsOn: Record<Server, string[]> = {
  directory: [],
  payroll: ['clerks', 'spare'],
  code: ['developers', 'spare'],
  production: ['production-operators', 'readers', 'spare'],
};

/** The groups that the hold takes. */
export const CRITICAL = ['production-operators', 'production-admins'];

export const initialOn = (system: System): State => ({
  active: true,
  groups: groupsOn[system].filter((name) => name !== 'spare'),
});

export const employeeOf = (n: number): string => `C-${n}`;
export const accountOf = (server: Server, employeeId: string): string => `${server}_${employeeId}`;
export const addressOf = (employeeId: string): string => `${employeeId.toLowerCase()}@acme.example`;
export const managerOf = (employeeId: string): string => `M-${employeeId}`;

/** The initial data of a SCIM server. The last group members never leave, so that no employee is the last one. */
export function seedOf(server: Server, employees: readonly string[]): object {
  const meta = {
    created: new Date().toISOString(),
    lastModified: new Date().toISOString(),
    version: 'W/"1"',
  };
  const user = (employeeId: string, managerId?: string): object => ({
    schemas: [USER, ENTERPRISE_USER],
    id: accountOf(server, employeeId),
    externalId: employeeId,
    userName: addressOf(employeeId),
    displayName: `Employee ${employeeId}`,
    emails: [{ value: addressOf(employeeId), primary: true, type: 'work' }],
    active: true,
    [ENTERPRISE_USER]: {
      employeeNumber: employeeId,
      ...(managerId && { manager: { value: accountOf(server, managerId) } }),
    },
    meta,
  });
  const others = ['C-stays', ...(server === 'directory' ? employees.map(managerOf) : [])];
  const members = [...employees, 'C-stays'];
  return {
    users: [
      ...employees.map((id) => user(id, server === 'directory' ? managerOf(id) : undefined)),
      ...others.map((id) => user(id)),
    ],
    groups: groupsOn[server].map((displayName) => ({
      schemas: [GROUP],
      id: `${server}-group-${displayName}`,
      displayName,
      members: (displayName === 'spare' ? ['C-stays'] : members).map((id) => ({
        value: accountOf(server, id),
        type: 'User',
      })),
      meta,
    })),
  };
}
