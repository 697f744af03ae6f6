/** A company of people on the SCIM servers of the local stack: the directory and the critical systems of `ems.config.yaml`. */
import path from 'node:path';
import { scimVariable } from '../src/config/environment.js';
import { startScimServer } from '../src/local/scim-process.js';
import { scimAdmin } from '../test/support/scim-admin.js';

const systems = ['payroll', 'code', 'production'] as const;
/** Each manager has so many reports. */
const REPORTS = 10;
const AT_A_TIME = 10;

export interface Company {
  env: Record<string, string>;
  stop: () => Promise<void>;
}

/** Each of the people has an account everywhere, and is in the critical group of production. */
export async function startCompany(folder: string, people: readonly string[]): Promise<Company> {
  const servers = await Promise.all(
    ['directory', ...systems].map(async (name) => {
      const server = await startScimServer({
        ...{ name, token: `token-of-${name}` },
        logFile: path.join(folder, `${name}.log`),
      });
      return { ...server, name, admin: scimAdmin(server) };
    }),
  );
  const [directory, ...others] = servers;
  const production = others.at(-1)!;
  const managers = people.filter((_, i) => i % REPORTS === 0).map((of) => `M-${of}`);
  const managerIds = await inParts(managers, (employeeId) => directory!.admin.createUser({ employeeId }));
  // No one of the people is the last member of a protected group.
  const standIn = await production.admin.createUser({ employeeId: 'stand-in' });
  const [group] = await inParts(['production-operators', 'production-admins'], (name) =>
    production.admin.createGroup(name, [standIn]),
  );
  await inParts(people, async (employeeId, i) => {
    await directory!.admin.createUser({ employeeId, managerId: managerIds[Math.floor(i / REPORTS)]! });
    for (const { admin, name } of others) {
      const id = await admin.createUser({ employeeId });
      if (name === production.name) await admin.addMember(group!, id);
    }
  });
  return {
    env: Object.fromEntries(
      servers.flatMap(({ name, scimUrl, token }) => [
        [scimVariable(name, 'URL'), scimUrl],
        [scimVariable(name, 'TOKEN'), token],
      ]),
    ),
    stop: async () => void (await Promise.all(servers.map(({ stop }) => stop()))),
  };
}

async function inParts<T>(
  all: readonly string[],
  make: (one: string, i: number) => Promise<T>,
): Promise<T[]> {
  const made: T[] = [];
  for (let first = 0; first < all.length; first += AT_A_TIME)
    made.push(
      ...(await Promise.all(all.slice(first, first + AT_A_TIME).map((one, i) => make(one, first + i)))),
    );
  return made;
}
