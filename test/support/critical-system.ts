/** A critical system behind a proxy that can fail, and holds on its accounts as the activities try them. */
import path from 'node:path';
import { FinalFailure } from '../../src/exit/failures.js';
import type { Blocked, CapturedAccount, HoldKind, Taken } from '../../src/exit/hold.js';
import { startScimServer } from '../../src/local/scim.js';
import { createAccessService, type AccessService } from '../../src/services/access/access.js';
import { createScimClient } from '../../src/services/protocols/scim.js';
import { startFaultProxy, type FaultProxy } from './fault-proxy.js';
import { sampleConfig } from './sample-config.js';
import { scimAdmin, type NewUser, type ScimAdmin } from './scim-admin.js';
import { scratchFolder } from './temporal.js';

export const SUSPEND: HoldKind = { kind: 'suspend' };
export const GROUPS: HoldKind = { kind: 'groups', groups: ['operators', 'admins'] };
export const NOTHING: Taken = { suspended: false, groups: [] };
const TOKEN = 'token-of-the-system';
const { signal } = new AbortController();

export interface CriticalSystem {
  token: string;
  admin: ScimAdmin;
  proxy: FaultProxy;
  /** What changed something, or tried to, of what the proxy saw. */
  writes: () => string[];
  /** By name: the critical `operators` and `admins`, and `readers`, which no hold may touch. */
  groups: Record<'operators' | 'admins' | 'readers', string>;
  /** One client, and so one memory of what the server supports. */
  access: () => AccessService;
  /** An account in all three groups. */
  hire: (changes?: Partial<NewUser>) => Promise<{ employeeId: string; id: string }>;
  capture: (employeeId: string, hold: HoldKind) => Promise<CapturedAccount>;
  /** Until it is done: an outage is tried again, with what earlier attempts had set out to take. */
  block: (account: CapturedAccount, hold: HoldKind, tried?: Taken) => Promise<Blocked>;
  stop: () => Promise<void>;
}

export async function startCriticalSystem(): Promise<CriticalSystem> {
  const logFile = path.join(await scratchFolder(), 'payroll.log');
  const server = await startScimServer({ name: 'payroll', token: TOKEN, logFile });
  const proxy = await startFaultProxy(server.scimUrl);
  const admin = scimAdmin(server);
  const groups = {
    operators: await admin.createGroup('operators'),
    admins: await admin.createGroup('admins'),
    readers: await admin.createGroup('readers'),
  };
  const { accountAttribute } = sampleConfig.systems[0]!;
  const access = () =>
    createAccessService({
      scim: createScimClient({ name: 'payroll', scimUrl: proxy.url, token: TOKEN, requestTimeoutMs: 2000 }),
      accountAttribute,
    });
  let hired = 0;
  return {
    token: TOKEN,
    admin,
    proxy,
    writes: () => proxy.seen.filter(({ method }) => method !== 'GET').map(({ path }) => path),
    groups,
    access,
    async hire(changes = {}) {
      const employeeId = `E-${++hired}`;
      const id = await admin.createUser({ employeeId, ...changes });
      for (const group of Object.values(groups)) await admin.addMember(group, id);
      return { employeeId, id };
    },
    async capture(employeeId, hold) {
      const { account } = await access().capture(employeeId, hold, signal);
      if (!account) throw new Error(`${employeeId} has no account`);
      return account;
    },
    block(account, hold, tried = NOTHING) {
      let reported = tried;
      const report = (taken: Taken): Promise<void> => {
        reported = structuredClone(taken);
        return Promise.resolve();
      };
      return untilDone(() => access().block(account, hold, reported, report, signal));
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
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
