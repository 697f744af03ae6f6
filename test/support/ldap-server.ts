/** A directory server that a test has started. */
import type { Change } from 'ldapts';
import type { Dialect } from '../../src/services/access/adapters/ldap-dialects.js';

type Attributes = Record<string, string | string[]>;

/** How another administrator makes and sees accounts and groups there. */
export interface Making {
  id: string;
  idOf: (value: Buffer) => string;
  /** The attributes with the employee id: the one that is looked at first, and the other. */
  keys: [string, string];
  account: (login: string, active: boolean) => Attributes;
  group: (name: string) => Attributes;
  isActive: (attributes: Record<string, unknown>) => boolean;
  setActive: (active: boolean) => Change[];
  setPassword: (password: string) => Change;
}

export interface LdapServer {
  dialect: Dialect;
  url: string;
  /** The account of EMS, with the rights that docs/identity-providers.md names and no more. */
  bindDn: string;
  password: string;
  caFile?: string;
  userBase: string;
  groupBase: string;
  defaultPolicy?: string;
  /** The account that makes and changes what the tests need. */
  admin: { bindDn: string; password: string };
  making: Making;
  stop: () => Promise<void>;
}
