/** The types of your own adapter: docs/own-adapter.md. */
export type * from './services/access/access-port.js';
export type { Given, MakeAdapter } from './services/access/adapters/own-adapter.js';
