/** The accounts of the critical systems, read over plain HTTP after each write: what the world outside can prove. */
import type { State, System } from './company.js';
import { accountOf } from './company.js';

/** What an administrator does. */
export interface Act {
  active?: boolean;
  add?: string;
  remove?: string;
}

/** The account as the server shows it right after a write. */
export interface Look extends State {
  atMs: number;
  /** Of the administrator; otherwise EMS has written. */
  act?: Act;
}

export interface Accounts {
  looksAt: (system: System, employeeId: string) => readonly Look[];
  /** To be called after a write of EMS. */
  wrote: (system: System, request: { path: string; body: string }) => Promise<void>;
  act: (system: System, employeeId: string, act: Act) => Promise<void>;
  read: (system: System, employeeId: string) => Promise<State>;
}

export function watchAccounts(urlOf: Record<string, string>, tokenOf: (server: string) => string): Accounts {
  const looks = new Map<string, Look[]>();

  async function ask(system: System, path: string, method = 'GET', body?: object): Promise<unknown> {
    const response = await fetch(`${urlOf[system]}${path}`, {
      method,
      headers: { authorization: `Bearer ${tokenOf(system)}`, 'content-type': 'application/scim+json' },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} on ${system}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  const read = async (system: System, employeeId: string): Promise<State> => {
    const user = (await ask(system, `/Users/${accountOf(system, employeeId)}`)) as {
      active: boolean;
      groups?: { display: string }[];
    };
    return { active: user.active, groups: (user.groups ?? []).map(({ display }) => display).toSorted() };
  };

  async function look(system: System, employeeId: string, act?: Act): Promise<void> {
    const atMs = Date.now();
    const state = await read(system, employeeId);
    const of = looks.get(accountOf(system, employeeId)) ?? [];
    looks.set(accountOf(system, employeeId), of);
    of.push({ ...state, atMs, ...(act && { act }) });
  }

  const patch = (system: System, path: string, operation: object) =>
    ask(system, path, 'PATCH', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [operation],
    });

  return {
    looksAt: (system, employeeId) => looks.get(accountOf(system, employeeId)) ?? [],
    async wrote(system, { path, body }) {
      const [, employeeId] = new RegExp(`${system}_(C-\\d+)`).exec(`${path} ${body}`) ?? [];
      if (employeeId === undefined) throw new Error(`EMS wrote ${body} to ${path}: of whom?`);
      await look(system, employeeId);
    },
    async act(system, employeeId, act) {
      const value = accountOf(system, employeeId);
      const group = `/Groups/${system}-group-${act.add ?? act.remove}`;
      if (act.active !== undefined)
        await patch(system, `/Users/${value}`, { op: 'replace', path: 'active', value: act.active });
      if (act.add) await patch(system, group, { op: 'add', path: 'members', value: [{ value }] });
      if (act.remove) await patch(system, group, { op: 'remove', path: `members[value eq "${value}"]` });
      await look(system, employeeId, act);
    },
    read,
  };
}
