/** A critical system of any protocol behind a proxy that can fail, and holds on its accounts as the activities try them. */
import type { Capabilities } from '../../src/services/access/access-port.js';
import { FinalFailure } from '../../src/exit/failures.js';
import type { Blocked, CapturedAccount, GroupRef, HoldKind, Taken } from '../../src/exit/hold-facts.js';
import {
  createAccessService,
  type AccessOptions,
  type AccessService,
} from '../../src/services/access/access.js';
import type { FaultProxy, Seen } from './fault-proxy.js';
import type { NewUser, ScimAdmin } from './scim-admin.js';

export const SUSPEND: HoldKind = { kind: 'suspend' };
export const NOTHING: Taken = { suspended: false, groups: [] };
const { signal } = new AbortController();

/** What the contract needs of another administrator, over any protocol. */
export interface Admin extends Pick<ScimAdmin, 'createUser' | 'createGroup' | 'deleteAll' | 'account'> {
  addMember: (groupId: string, userId: string) => Promise<unknown>;
  removeMember: (groupId: string, userId: string) => Promise<unknown>;
  deleteGroup: (groupId: string) => Promise<unknown>;
  deleteUser: (userId: string) => Promise<unknown>;
  setActive: (userId: string, active: boolean) => Promise<unknown>;
  /** Changes the key that accounts are found by first. */
  setExternalId: (userId: string, value: string) => Promise<unknown>;
}

/** A server behind a proxy, by its protocol. */
export interface Connection extends Pick<AccessOptions, 'port' | 'match'> {
  protocol: 'scim' | 'ldap' | 'keycloak' | 'own';
  /** The secret, which no failure may show. */
  token: string;
  proxy: FaultProxy;
  /** Unless given: all but GET. */
  isWrite?: (request: Pick<Seen, 'method' | 'path'>) => boolean;
  admin: Admin;
  /** Whether the server refuses a write on an old version. */
  etags: () => Promise<boolean>;
  /** False where a server shows no trace of what was deleted, so that it may be hidden as well. */
  tellsDeletion?: boolean;
  /** Where else an account has its employee id. */
  identity?: (name: string) => Partial<NewUser>;
  stop: () => Promise<void>;
}

export interface CriticalSystemOptions {
  /** @param prefix what every name on the server begins with, so that it clashes with no other */
  connect: (prefix: string) => Promise<Connection>;
  prefix?: string;
  /** Told before anything is made on the server. */
  onAdmin?: (admin: Admin) => void;
}

export interface CriticalSystem extends Pick<Connection, 'protocol' | 'token' | 'admin' | 'proxy'> {
  isWrite: NonNullable<Connection['isWrite']>;
  /** What changed something, or tried to, of what the proxy saw. */
  writes: () => string[];
  /** Whether the server says that it refuses a write on an old version. */
  etags: boolean;
  tellsDeletion: boolean;
  /** How many keys an account is found by. */
  keys: number;
  /** By name: the critical `operators` and `admins`, and `readers`, which no hold may touch. */
  groups: Record<'operators' | 'admins' | 'readers', string>;
  access: (
    options?: Partial<Omit<AccessOptions, 'port'>> & { tells?: Partial<Capabilities> },
  ) => AccessService;
  /** An account in all three groups. */
  hire: (changes?: Partial<NewUser>) => Promise<{ employeeId: string; id: string }>;
  capture: (employeeId: string, hold: HoldKind) => Promise<CapturedAccount>;
  /** Of an employee who was hired just now. */
  captured: (
    hold: HoldKind,
    changes?: Partial<NewUser>,
  ) => Promise<{ employeeId: string; id: string; account: CapturedAccount }>;
  /** The names of groups as the tests call them, sorted. */
  namesOf: (groups: readonly GroupRef[]) => string[];
  /** Until it is done: an outage is tried again, with what earlier attempts had set out to take. */
  block: (account: CapturedAccount, hold: HoldKind, tried?: Taken) => Promise<Blocked>;
  stop: () => Promise<void>;
}

export async function startCriticalSystem({
  connect,
  prefix = '',
  onAdmin,
}: CriticalSystemOptions): Promise<CriticalSystem> {
  const connection = await connect(prefix);
  const { protocol, token, proxy, admin, port, match, identity } = connection;
  const { isWrite = ({ method }) => method !== 'GET', tellsDeletion = true } = connection;
  onAdmin?.(admin);
  const access: CriticalSystem['access'] = ({ tells, ...options } = {}) => {
    const capabilities = async (signal: AbortSignal) => ({
      ...(await port.capabilities(signal)),
      // It would be in the notes of every block.
      tokensLiveMs: undefined,
      ...tells,
    });
    return createAccessService({ match, ...options, port: { ...port, capabilities } });
  };
  let hired = 0;

  async function stop(): Promise<void> {
    try {
      await admin.deleteAll();
    } finally {
      await connection.stop();
    }
  }

  async function populate() {
    const etags = await connection.etags();
    const groups = {
      operators: await admin.createGroup('operators'),
      admins: await admin.createGroup('admins'),
      readers: await admin.createGroup('readers'),
    };
    return { etags, groups };
  }
  const { etags, groups } = await populate().catch(async (error: Error) => {
    await stop().catch((other: Error) => {
      throw new Error(`${error.message}; ${other.message}`, { cause: other });
    });
    throw error;
  });

  const hire: CriticalSystem['hire'] = async (changes = {}) => {
    const name = `E-${++hired}`;
    const employeeId = prefix + name;
    const id = await admin.createUser({ employeeId, ...identity?.(name), ...changes });
    for (const group of Object.values(groups)) await admin.addMember(group, id);
    return { employeeId, id };
  };
  const capture: CriticalSystem['capture'] = async (employeeId, hold) => {
    const [account] = (await access().capture({ employeeId }, hold, signal)).accounts;
    if (!account) throw new Error(`${employeeId} has no account`);
    return account;
  };

  return {
    protocol,
    token,
    admin,
    proxy,
    isWrite,
    writes: () => proxy.seen.filter(isWrite).map(({ path }) => path),
    etags,
    tellsDeletion,
    keys: match.length,
    groups,
    access,
    hire,
    capture,
    async captured(hold, changes) {
      const { employeeId, id } = await hire(changes);
      return { employeeId, id, account: await capture(employeeId, hold) };
    },
    namesOf: (refs) => refs.map(({ displayName }) => displayName.replace(prefix, '')).toSorted(),
    block(account, hold, tried = NOTHING) {
      let reported = tried;
      const report = (taken: Taken): Promise<void> => {
        reported = structuredClone(taken);
        return Promise.resolve();
      };
      return untilDone(() => access().block(account, hold, reported, report, signal));
    },
    stop,
  };
}

/** Tries again after an outage, as Temporal does. */
export async function untilDone<T>(attempt: () => Promise<T>): Promise<T> {
  for (let left = 20; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof FinalFailure || left === 0) throw error;
    }
  }
}
