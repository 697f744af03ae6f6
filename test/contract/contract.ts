/** Runs the same tests on several servers. */
import type { HoldKind } from '../../src/exit/hold-facts.js';
import { SUSPEND, startCriticalSystem, type Admin, type CriticalSystem } from '../support/critical-system.js';
import { describeUnless } from '../support/installed.js';
import { orPending } from '../support/unavailable.js';
import { run, type Target } from './targets.js';

interface Names {
  SUSPEND: HoldKind;
  GROUPS: Extract<HoldKind, { kind: 'groups' }>;
  /** The name on the server, with the prefix of this run: no test touches what others have there. */
  named: (name: string) => string;
  /** A server as it is, not made to lack something. */
  asItIs: boolean;
}

let contracts = 0;

const admins = new Set<Admin>();
for (const interruption of ['SIGINT', 'SIGTERM'] as const) {
  // The owner of the server need not clean up after Ctrl-C.
  process.once(interruption, () => {
    console.error('interrupted: deleting what the tests have made …');
    void Promise.allSettled([...admins].map((admin) => admin.deleteAll())).then((results) => {
      for (const result of results) if (result.status === 'rejected') console.error(result.reason);
      process.exit(130);
    });
  });
}

/** @param tests are given the system when it runs; it exists only inside of `it` */
export function contract(
  title: string,
  on: readonly Target[],
  tests: (system: CriticalSystem, names: Names) => void,
): void {
  for (const { name, asItIs, lacks, connect } of on) {
    describeUnless(lacks, `on ${name}, ${title}`, () => {
      const prefix = `${run}${++contracts}-`;
      const named = (each: string): string => prefix + each;
      const system = {} as CriticalSystem;
      before(async function () {
        // A server may have to be fetched first.
        this.timeout(10 * 60_000);
        const onAdmin = (admin: Admin) => admins.add(admin);
        Object.assign(system, await orPending(this, startCriticalSystem({ connect, prefix, onAdmin })));
      });
      beforeEach(() => {
        system.proxy.seen.length = 0;
        system.proxy.fault(undefined);
        system.proxy.quirk(undefined);
      });
      after(async () => {
        await system.stop?.();
        admins.delete(system.admin);
      });
      const GROUPS = { kind: 'groups' as const, groups: [named('operators'), named('admins')] };
      tests(system, { SUSPEND, GROUPS, named, asItIs });
    });
  }
}

/** For promises that only servers with ETags can keep. */
export function itWithEtags(title: string, system: CriticalSystem, test: () => Promise<void>): void {
  it(`${title} (where the server says that it supports ETags)`, async function () {
    if (!system.etags) return this.skip();
    await test();
  });
}

/** For what only SCIM has. */
export const itOverScim = itOver('scim');
/** For what only HTTP has, such as a gateway, where the answers are known. */
export const itOverHttp = itOver('scim', 'keycloak');
/** For what every program over HTTP is to be ready for. */
export const itOverAnyHttp = itOver('scim', 'keycloak', 'own');

function itOver(...protocols: CriticalSystem['protocol'][]) {
  return (title: string, system: CriticalSystem, test: () => Promise<void>): void => {
    it(`${title} (over ${protocols.join(' and ')})`, async function () {
      if (!protocols.includes(system.protocol)) return this.skip();
      await test();
    });
  };
}
