/** Says the same tests of several servers. */
import { SUSPEND, startCriticalSystem, type CriticalSystem } from '../support/critical-system.js';
import type { HoldKind } from '../../src/exit/hold.js';
import { run, type Target } from './targets.js';

export interface Names {
  SUSPEND: HoldKind;
  GROUPS: Extract<HoldKind, { kind: 'groups' }>;
  /** What the tests call so, as the server knows it: all names on it are of this run, so that nothing of anybody else is met. */
  named: (name: string) => string;
  /** A server as it is, not made to lack something. */
  asItIs: boolean;
}

let contracts = 0;

/** @param tests are given the system when it runs; it exists only inside of `it` */
export function contract(
  title: string,
  on: readonly Target[],
  tests: (system: CriticalSystem, names: Names) => void,
): void {
  for (const { name, ...target } of on) {
    describe(`on ${name}, ${title}`, () => {
      const prefix = `${run}${++contracts}-`;
      const named = (each: string): string => prefix + each;
      const system = {} as CriticalSystem;
      before(async () => {
        Object.assign(system, await startCriticalSystem({ ...target, prefix }));
      });
      beforeEach(() => {
        system.proxy.seen.length = 0;
        system.proxy.fault(undefined);
        system.proxy.quirk(undefined);
      });
      after(async () => {
        // What is left of a failed test must not hinder the clearing up.
        await system.stop?.();
      });
      const GROUPS = { kind: 'groups' as const, groups: [named('operators'), named('admins')] };
      tests(system, { SUSPEND, GROUPS, named, asItIs: target.quirk === undefined });
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
