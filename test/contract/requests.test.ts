import assert from 'node:assert/strict';
import type { HoldKind } from '../../src/exit/hold-facts.js';
import { NOTHING } from '../support/critical-system.js';
import { contract } from './contract.js';
import { embedded } from './targets.js';

const { signal } = new AbortController();

contract('what it asks of a server that behaves: a hold', [embedded], (system, { SUSPEND, GROUPS }) => {
  for (const [kind, most] of [
    ['suspend', { capture: 5, block: 9, restore: 8 }],
    ['groups', { capture: 5, block: 13, restore: 10 }],
  ] as const) {
    it(`of kind ${kind} makes at most ${Object.values(most).join(', ')} requests to capture, block and restore`, async () => {
      const hold: HoldKind = kind === 'suspend' ? SUSPEND : GROUPS;
      const service = system.access();
      const employee = await system.hire();
      const count = async <T>(work: () => Promise<T>) => {
        const before = system.proxy.seen.length;
        const result = await work();
        return {
          result,
          requests: system.proxy.seen.slice(before).map(({ method, path }) => `${method} ${path}`),
        };
      };
      const cycle = async (person: typeof employee) => {
        const captured = await count(() => service.capture(person, hold, signal));
        const [account] = captured.result.accounts;
        const blocked = await count(() =>
          service.block(account!, hold, NOTHING, () => Promise.resolve(), signal),
        );
        const { taken, version } = blocked.result;
        const restored = await count(() =>
          service.restore(account!, taken, signal, { employee: person, earlier: { version } }),
        );
        return { capture: captured.requests, block: blocked.requests, restore: restored.requests };
      };
      // What a server proves once, it is not asked again.
      await cycle(await system.hire());
      await cycle(await system.hire());
      for (const [move, requests] of Object.entries(await cycle(employee))) {
        const limit = most[move as keyof typeof most];

        assert.ok(requests.length <= limit, `${move}: ${requests.length} requests\n${requests.join('\n')}`);
      }
    });
  }
});
