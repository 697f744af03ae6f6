/** The part of a critical system's schema that is LDAP's. */
import { z } from 'zod';

const Dn = z
  .string()
  .regex(/^[^=,]+=/, 'must be a distinguished name such as "ou=people,dc=acme,dc=example"');

export const LdapServer = z.strictObject({
  protocol: z.literal('ldap'),
  directory: z.enum(['active-directory', 'openldap'], 'must be "active-directory" or "openldap"'),
  /** With `ldap:` StartTLS (RFC 4511 §4.14), unless the host is this machine and there is no `caFile`. */
  url: z
    .url({ protocol: /^ldaps?$/, error: 'must be a URL such as ldaps://dc1.acme.example' })
    .regex(/^ldaps?:\/\/[^/@?#]+$/, 'must have a host, maybe a port, and nothing else'),
  bindDn: Dn,
  /** A file of certificates (PEM) that the server's is verified with; default: those of Node.js. */
  caFile: z.string().min(1).optional(),
  /** The accounts and the groups of the system are below these entries. */
  userBase: Dn,
  groupBase: Dn,
  /** Of OpenLDAP: the password policy that `ppolicy_default` names, which no client can see. */
  defaultPolicy: Dn.optional(),
});

export const isPolicyOfOpenldap = ({ directory, defaultPolicy }: z.output<typeof LdapServer>): boolean =>
  directory === 'openldap' || defaultPolicy === undefined;

/** Where the directory keeps the employee id by custom. */
export const employeeIdAttribute = (directory: z.output<typeof LdapServer>['directory']): string =>
  directory === 'active-directory' ? 'employeeID' : 'employeeNumber';
