/** What a test knows of a directory server that it has started. */
export interface LdapServer {
  url: string;
  /** The account of EMS, with the rights that docs/identity-providers.md names and no more. */
  bindDn: string;
  password: string;
  caFile?: string;
  userBase: string;
  groupBase: string;
  /** The account that makes and changes what the tests need. */
  admin: { bindDn: string; password: string };
  stop: () => Promise<void>;
}
