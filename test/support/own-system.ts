/** A critical system over an adapter of its owner's: the example, and any that EMS_CONTRACT_OWN names. */
import { loadAdapter } from '../../src/services/access/adapters/own-adapter.js';
import type { Admin, Connection } from './critical-system.js';
import { startFaultProxy } from './fault-proxy.js';
import { byEmployeeId } from './matching.js';

/** What the module of EMS_CONTRACT_OWN resolves to: its default export is a function without parameters. */
export interface OwnContract {
  /** The base URL of the system, over HTTP. The suite puts a proxy in front of it, which can fail. */
  url: string;
  /** The file URL of the adapter. */
  adapter: string;
  /** The adapter's options. @param url of the proxy */
  options: (url: string) => Record<string, unknown>;
  /** By name: what `secret` answers. No failure may show one. */
  secrets: Record<string, string>;
  /** The attributes that have the employee id, in their order. */
  match: string[];
  /** Default: 2000. */
  requestTimeoutMs?: number;
  /** Another administrator. @param prefix of every name on the server, so that it clashes with no other */
  admin: (prefix: string) => Admin;
  stop: () => Promise<void>;
}

export const overOwn =
  (start: () => Promise<OwnContract>) =>
  async (prefix: string): Promise<Connection> => {
    const { url, adapter, options, secrets, match, requestTimeoutMs = 2000, admin, stop } = await start();
    const proxy = await startFaultProxy(url);
    const port = await loadAdapter(adapter, {
      system: 'payroll',
      options: options(proxy.url.replace(/\/+$/, '')),
      secret: (name) => secrets[name]!,
      requestTimeoutMs,
      pace: () => Promise.resolve(),
    });
    return {
      protocol: 'own',
      token: Object.values(secrets)[0] ?? '',
      proxy,
      admin: admin(prefix),
      port,
      match: byEmployeeId(...match),
      etags: async () => (await port.capabilities(AbortSignal.timeout(requestTimeoutMs))).conditionalWrites,
      async stop() {
        await proxy.stop();
        await stop();
      },
    };
  };
