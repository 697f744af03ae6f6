/** OpenLDAP's slapd with the overlays ppolicy and memberof. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'ldapts';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { run } from '../../src/local/run.js';
import { lacking } from './installed.js';
import { openldap } from '../../src/services/access/adapters/ldap-dialects.js';
import { change } from './ldap-change.js';
import type { LdapServer, Making } from './ldap-server.js';
import { freePort } from '../../src/local/ports.js';

export const slapdLacks = lacking(['/usr/sbin/slapd', '/usr/lib/ldap/ppolicy.so'], ['slapd']);

const SUFFIX = 'dc=acme,dc=example';
const userBase = `ou=people,${SUFFIX}`;
const groupBase = `ou=groups,${SUFFIX}`;
/** Where EMS may read neither locks, members nor employee numbers; by these it may search. */
export const hiddenBase = `ou=hidden,${SUFFIX}`;
/** What the name of a group begins with whose members EMS may not read, and of an account whose policy it may not. */
export const secret = 'secret-';
/** Where EMS may read nothing, and has no sign that there is anything. */
export const unseenBase = `ou=unseen,${SUFFIX}`;
/** Another naming context of the same server. */
export const otherContext = 'o=shared';
/** A part of it is on another server. */
export const referringBase = `ou=referring,${SUFFIX}`;
const service = { bindDn: `cn=ems,ou=services,${SUFFIX}`, password: 'password-of-ems' };
const admin = { bindDn: `cn=admin,${SUFFIX}`, password: 'password-of-the-admin' };

const defaultPolicy = `cn=default,${SUFFIX}`;

const LOCKED = '000001010000Z';
const making: Making = {
  id: 'entryUUID',
  idOf: String,
  keys: ['employeeType', 'employeeNumber'],
  account: (login, active) => ({
    objectClass: 'inetOrgPerson',
    uid: login,
    sn: login,
    ...(!active && { pwdAccountLockedTime: LOCKED }),
  }),
  // A group must have a member.
  group: (name) => ({ objectClass: 'groupOfNames', cn: name, member: admin.bindDn }),
  isActive: ({ pwdAccountLockedTime }) => pwdAccountLockedTime !== LOCKED,
  setActive: (active) => [change('replace', 'pwdAccountLockedTime', ...(active ? [] : [LOCKED]))],
  setPassword: (password) => change('replace', 'userPassword', password),
};

/** The rights are those of docs/identity-providers.md. */
const settings = (folder: string): string => `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include ${folder}/nis.schema
include /etc/ldap/schema/dyngroup.schema
# Where a name is of no database here.
referral ldap://other.acme.example
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
moduleload dynlist
database mdb
suffix "${SUFFIX}"
rootdn "${admin.bindDn}"
rootpw ${admin.password}
directory ${folder}/data
overlay memberof
overlay dynlist
dynlist-attrset groupOfURLs memberURL member
dynlist-attrset labeledURIObject labeledURI member
overlay ppolicy
ppolicy_default "${defaultPolicy}"
# Fewer than an account has groups in a test: what does not fit into one answer is read in pages.
limits dn.exact="${service.bindDn}" size.soft=4 size.hard=4 size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="${unseenBase}" by * none
access to dn.subtree="${hiddenBase}" attrs=pwdAccountLockedTime by * none
access to dn.subtree="${hiddenBase}" attrs=member by * none
access to dn.regex="^cn=${secret}[^,]*,${groupBase}$" attrs=member by * none
access to dn.regex="^cn=${secret}[^,]*,${userBase}$" attrs=pwdPolicySubentry by * none
access to dn.regex="^cn=${secret}[^,]*,${hiddenBase}$" attrs=employeeNumber by * none
access to dn.subtree="${hiddenBase}" attrs=employeeNumber by dn.exact="${service.bindDn}" search by * none
access to dn.subtree="${userBase}" attrs=pwdAccountLockedTime by dn.exact="${service.bindDn}" write
access to dn.subtree="${groupBase}" attrs=member,uniqueMember,memberUid by dn.exact="${service.bindDn}" write
access to * by dn.exact="${service.bindDn}" read by * none
database mdb
suffix "${otherContext}"
rootdn "${admin.bindDn}"
directory ${folder}/shared
access to * by dn.exact="${service.bindDn}" read by * none
`;

const entries = `
dn: ${SUFFIX}
objectClass: dcObject
objectClass: organization
o: Acme

dn: ${defaultPolicy}
objectClass: pwdPolicy
objectClass: organizationalRole
pwdAttribute: userPassword
pwdLockout: TRUE

${['people', 'groups', 'hidden', 'unseen', 'referring', 'services'].map((ou) => `dn: ou=${ou},${SUFFIX}\nobjectClass: organizationalUnit\n`).join('\n')}
dn: ou=elsewhere,${referringBase}
objectClass: referral
objectClass: extensibleObject
ou: elsewhere
ref: ldap://other.acme.example/ou=elsewhere,${referringBase}

dn: ${service.bindDn}
objectClass: organizationalRole
objectClass: simpleSecurityObject
userPassword: ${service.password}
`;

const shared = `
dn: ${otherContext}
objectClass: organization
o: shared
`;

/** @param without what lines of its configuration begin with that it is not to have */
export async function startSlapd(logFile: string, without: readonly string[] = []): Promise<LdapServer> {
  const folder = path.dirname(logFile);
  const file = (name: string): string => path.join(folder, name);
  for (const database of ['data', 'shared']) await mkdir(file(database));
  // As in RFC 2307bis: a group may have names and logins.
  const nis = await readFile('/etc/ldap/schema/nis.schema', 'utf8');
  await writeFile(file('nis.schema'), nis.replace(/('posixGroup'[^)]*?SUP top )STRUCTURAL/s, '$1AUXILIARY'));
  const lines = settings(folder).split('\n');
  const isLeftOut = (line: string): boolean => without.some((start) => line.startsWith(start));
  await writeFile(file('slapd.conf'), lines.filter((line) => !isLeftOut(line)).join('\n'));
  for (const [number, ldif] of [entries, shared].entries()) {
    await writeFile(file('entries.ldif'), ldif);
    await run('/usr/sbin/slapadd', [
      ...['-f', file('slapd.conf'), '-n', String(number + 1), '-l', file('entries.ldif')],
    ]);
  }
  const port = await freePort();
  const url = `ldap://127.0.0.1:${port}`;
  const child = await startChild(
    {
      name: 'slapd',
      program: '/usr/sbin/slapd',
      // With -d it stays in the foreground.
      args: ['-f', file('slapd.conf'), '-h', url, '-d', '0'],
      logFile,
    },
    (_child, signal) => untilAnswered(() => canBind(url), signal),
  );
  return {
    dialect: openldap(without.includes('ppolicy_default') ? undefined : defaultPolicy),
    defaultPolicy,
    url,
    ...service,
    userBase,
    groupBase,
    admin,
    making,
    stop: child.stop,
  };
}

async function canBind(url: string): Promise<void> {
  const client = new Client({ url });
  try {
    await client.bind(service.bindDn, service.password);
  } finally {
    await client.unbind();
  }
}
