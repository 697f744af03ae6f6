/** A critical system behind a proxy that can fail, and holds on its accounts as the activities try them. */
import type { Capabilities } from '../../src/services/access/access-port.js';
import { FinalFailure } from '../../src/exit/failures.js';
import type { Blocked, CapturedAccount, GroupRef, HoldKind, Taken } from '../../src/exit/hold-facts.js';
import {
  createAccessService,
  type AccessOptions,
  type AccessService,
} from '../../src/services/access/access.js';
import { byEmployeeId } from './matching.js';
import { createScimAdapter } from '../../src/services/access/adapters/scim-adapter.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { startFaultProxy, type FaultProxy, type Quirk } from './fault-proxy.js';
import { sampleConfig } from './sample-config.js';
import { scimAdmin, type NewUser, type ScimAdmin } from './scim-admin.js';

export const SUSPEND: HoldKind = { kind: 'suspend' };
export const NOTHING: Taken = { suspended: false, groups: [] };
const { signal } = new AbortController();

export interface CriticalServer {
  scimUrl: string;
  token: string;
  stop: () => Promise<void>;
}

export interface CriticalSystemOptions {
  server: () => Promise<CriticalServer>;
  quirk?: Quirk | undefined;
  /** What every name on the server begins with, so that it clashes with no other. */
  prefix?: string;
  accountAttribute?: string | undefined;
  requestTimeoutMs?: number | undefined;
  /** Told before anything is made on the server. */
  onAdmin?: (admin: ScimAdmin) => void;
}

export interface CriticalSystem {
  token: string;
  admin: ScimAdmin;
  proxy: FaultProxy;
  /** What changed something, or tried to, of what the proxy saw. */
  writes: () => string[];
  /** Whether the server says that it supports ETags. */
  etags: boolean;
  /** By name: the critical `operators` and `admins`, and `readers`, which no hold may touch. */
  groups: Record<'operators' | 'admins' | 'readers', string>;
  /** One client, and so one memory of what the server supports. */
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
  server: start,
  quirk,
  prefix = '',
  accountAttribute = sampleConfig.systems[0]!.match.at(-1)!.attribute,
  requestTimeoutMs = 2000,
  onAdmin,
}: CriticalSystemOptions): Promise<CriticalSystem> {
  const server = await start();
  const { token } = server;
  const quirky = quirk && (await startFaultProxy(server.scimUrl));
  quirky?.quirk(quirk);
  const scimUrl = quirky?.url ?? server.scimUrl;
  const proxy = await startFaultProxy(scimUrl);
  const admin = scimAdmin({ scimUrl, token }, prefix);
  onAdmin?.(admin);
  const access: CriticalSystem['access'] = ({ tells, ...options } = {}) => {
    const scim = createScimClient({ name: 'payroll', scimUrl: proxy.url, token, requestTimeoutMs });
    const port = createScimAdapter({ scim });
    const capabilities = async (signal: AbortSignal) => ({ ...(await port.capabilities(signal)), ...tells });
    return createAccessService({
      match: byEmployeeId('externalId', accountAttribute),
      ...options,
      port: { ...port, capabilities },
    });
  };
  let hired = 0;
  /** The employee id where the system is configured to keep it; the employee number is set anyway. */
  const identity = (name: string): Partial<NewUser> => {
    if (accountAttribute === 'userName') return { userName: name };
    return accountAttribute.startsWith('urn:') ? {} : { attributes: { [accountAttribute]: prefix + name } };
  };

  async function stop(): Promise<void> {
    try {
      await admin.deleteAll();
    } finally {
      await proxy.stop();
      await quirky?.stop();
      await server.stop();
    }
  }

  async function populate() {
    const etags = await admin.announcesEtags();
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
    const id = await admin.createUser({ employeeId, ...identity(name), ...changes });
    for (const group of Object.values(groups)) await admin.addMember(group, id);
    return { employeeId, id };
  };
  const capture: CriticalSystem['capture'] = async (employeeId, hold) => {
    const [account] = (await access().capture({ employeeId }, hold, signal)).accounts;
    if (!account) throw new Error(`${employeeId} has no account`);
    return account;
  };

  return {
    token,
    admin,
    proxy,
    writes: () => proxy.seen.filter(({ method }) => method !== 'GET').map(({ path }) => path),
    etags,
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
