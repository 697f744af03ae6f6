/**
 * What the contract suite needs of a system: its address, and another administrator who makes people and groups there.
 *
 *   EMS_CONTRACT_OWN=./gatekeeper-contract.js npm run contract -- --fgrep EMS_CONTRACT_OWN
 */
import { startGatekeeper, type Badge, type Zone } from './gatekeeper.js';

const TOKEN = 'token-of-gatekeeper';

interface Person {
  /** With the prefix already. */
  employeeId: string;
  userName?: string;
  email?: string;
  active?: boolean;
}

export default async function gatekeeperContract() {
  const { url, stop } = await startGatekeeper(TOKEN, 0);

  async function ask<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  return {
    url,
    adapter: new URL('./gatekeeper-adapter.js', import.meta.url).href,
    // The suite hands over the address of its proxy.
    options: (url: string) => ({ url }),
    secrets: { GATEKEEPER_TOKEN: TOKEN },
    match: ['personnel', 'formerly'],
    stop,

    admin: (prefix: string) => {
      const made: string[] = [];
      async function make(path: string, body: object): Promise<string> {
        const { serial, id } = await ask<Partial<Badge & Zone>>('POST', path, body);
        const name = (serial ?? id)!;
        made.push(`${path}/${name}`);
        return name;
      }
      const admit = (zone: string, serial: string) => ask('PATCH', `/zones/${zone}`, { admit: serial });
      const remove = (path: string) => ask('DELETE', path);

      return {
        createUser({
          employeeId,
          userName,
          email = `${employeeId.toLowerCase()}@acme.example`,
          active = true,
        }: Person) {
          const holder = userName === undefined ? email : prefix + userName;
          const ids = { personnel: employeeId, formerly: employeeId };
          return make('/badges', { ...ids, holder, mail: email, locked: !active });
        },
        async createGroup(name: string, members: string[] = []) {
          const zone = await make('/zones', { name: prefix + name });
          for (const serial of members) await admit(zone, serial);
          return zone;
        },
        addMember: admit,
        removeMember: (zone: string, serial: string) => ask('PATCH', `/zones/${zone}`, { expel: serial }),
        setActive: (serial: string, active: boolean) =>
          ask('PATCH', `/badges/${serial}`, { locked: !active }),
        setExternalId: (serial: string, personnel: string) =>
          ask('PATCH', `/badges/${serial}`, { personnel }),
        deleteUser: (serial: string) => remove(`/badges/${serial}`),
        deleteGroup: (zone: string) => remove(`/zones/${zone}`),
        async account(serial: string) {
          const { locked } = await ask<Badge>('GET', `/badges/${serial}`);
          const { zones } = await ask<{ zones: Zone[] }>('GET', `/badges/${serial}/zones`);
          const names = zones.map(({ name }) => (name.startsWith(prefix) ? name.slice(prefix.length) : name));
          return { id: serial, active: !locked, groups: names.toSorted() };
        },
        async deleteAll() {
          for (const path of made.splice(0))
            await remove(path).catch((error: Error) => {
              // The tests delete some themselves.
              if (!error.message.includes(': 410 ')) throw error;
            });
        },
      };
    },
  };
}
