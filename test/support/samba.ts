/** An Active Directory domain controller of Samba. Its ports are fixed, so each controller has a loopback address of its own. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { activeDirectory, guidOf } from '../../src/services/access/adapters/ldap-dialects.js';
import { cached } from '../../src/local/cache.js';
import { startChild, untilAnswered } from '../../src/local/child.js';
import { run } from '../../src/local/run.js';
import { lacking } from './installed.js';
import { change } from './ldap-change.js';
import type { LdapServer, Making } from './ldap-server.js';

const packages = [
  'samba',
  'samba-ad-provision',
  'samba-dsdb-modules',
  'samba-vfs-modules',
  'winbind',
  'openssl',
];
const files = ['/usr/sbin/samba', '/usr/bin/samba-tool', '/usr/share/samba/setup', '/usr/bin/openssl'];
export const sambaLacks = lacking(files, packages, true);

const SUFFIX = 'DC=ad,DC=acme,DC=example';
const userBase = `OU=people,${SUFFIX}`;
const groupBase = `OU=groups,${SUFFIX}`;
const service = { bindDn: `CN=svc-ems,CN=Users,${SUFFIX}`, password: 'Passw0rd!OfEms' };
const admin = { bindDn: `CN=Administrator,CN=Users,${SUFFIX}`, password: 'Passw0rd!OfTheAdmin' };

/** The schemaIDGUID of `member`. */
export const MEMBER = 'bf9679c0-0de6-11d0-a285-00aa003049e2';

/** With a flag that a hold must leave: no password is required (0x20). */
const control = (active: boolean): string => (active ? '544' : '546');
const making: Making = {
  id: 'objectGUID',
  idOf: guidOf,
  keys: ['employeeType', 'employeeNumber'],
  account: (login, active) => ({
    objectClass: 'user',
    sAMAccountName: login,
    userAccountControl: control(active),
  }),
  group: (name) => ({ objectClass: 'group', sAMAccountName: name }),
  isActive: ({ userAccountControl }) => userAccountControl === control(true),
  setActive: (active) => [change('replace', 'userAccountControl', control(active))],
  // MS-ADTS §3.1.1.3.1.5.1.
  setPassword: (password) => change('replace', 'unicodePwd', Buffer.from(`"${password}"`, 'utf16le')),
};

export async function startSamba(logFile: string): Promise<LdapServer> {
  const version = /\d+\.\d+\.\d+/.exec(await run('/usr/sbin/samba', ['--version']))?.[0];
  const provisioned = await cached(
    {
      file: `samba-domain-${version}`,
      sources: [{ name: 'samba-tool', fetch: provision }],
      advice: `These tests also run on Samba: apt-get install ${packages.join(' ')}`,
    },
    (line) => console.error(line),
  );
  const folder = path.join(path.dirname(logFile), 'dc');
  await cp(provisioned, folder, { recursive: true });
  const address = await ownAddress();
  const caFile = path.join(folder, 'certificate.pem');
  const keyFile = path.join(folder, 'key.pem');
  const subject = ['-subj', '/CN=dc1.ad.acme.example', '-addext', `subjectAltName=IP:${address}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', keyFile];
  await run('openssl', ['req', '-x509', '-days', '2', ...key, '-out', caFile, ...subject]);
  const smbConf = await configure(folder, [
    'server services = ldap',
    `interfaces = ${address}/8`,
    'bind interfaces only = Yes',
    `tls certfile = ${caFile}`,
    `tls keyfile = ${keyFile}`,
    'tls cafile =',
    // Only so that a proxy can read the requests: EMS itself sends no password in the clear to another machine.
    'ldap server require strong auth = no',
    'disable netbios = yes',
  ]);
  const child = await startChild(
    {
      name: 'samba',
      program: '/usr/sbin/samba',
      args: ['-i', '-M', 'single', '-s', smbConf, '--debug-stdout', '-d', '1'],
      logFile,
    },
    (_child, signal) => untilAnswered(() => isListening(address, 636), signal),
  );
  return {
    dialect: activeDirectory,
    url: `ldaps://${address}`,
    ...service,
    caFile,
    userBase,
    groupBase,
    admin,
    making,
    stop: child.stop,
  };
}

/** Takes from EMS the right to read an attribute of one entry, by its schemaIDGUID. */
export async function hide(server: LdapServer, dn: string, attribute: string): Promise<void> {
  const tool = toolIn(path.dirname(server.caFile!));
  const sddl = `--sddl=(OD;;RP;${attribute};;${await sidOf(tool, 'svc-ems')})`;
  await tool('dsacl', 'set', `--objectdn=${dn}`, sddl);
}

type Tool = (...args: string[]) => Promise<string>;

/** Changes the domain in the folder, whether its server runs or not. */
const toolIn = (folder: string): Tool => {
  const domain = ['-H', path.join(folder, 'private/sam.ldb'), '-s', path.join(folder, 'etc/smb.conf')];
  return (...args) => run('samba-tool', [...args, ...domain]);
};

const sidOf = async (tool: Tool, user: string): Promise<string> =>
  /objectSid: (\S+)/.exec(await tool('user', 'show', user, '--attributes=objectSid'))![1]!;

/** Makes the domain, the units, and the account of EMS with the rights that docs/identity-providers.md delegates. */
async function provision(into: string): Promise<string> {
  const folder = path.join(into, 'dc');
  const seed = path.join(into, 'seed.conf');
  // Without a file of its own, provisioning copies the shares of the machine's smb.conf.
  await writeFile(seed, '[global]\n');
  const options = {
    interfaces: 'lo',
    'bind interfaces only': 'yes',
    'vfs objects': 'dfs_samba4 acl_xattr xattr_tdb',
    'log file': path.join(into, 'log'),
  };
  await run('samba-tool', [
    ...['domain', 'provision', '-s', seed, `--targetdir=${folder}`],
    ...['--realm=AD.ACME.EXAMPLE', '--domain=ACME', '--server-role=dc', '--dns-backend=NONE'],
    ...['--host-name=dc1', '--host-ip=127.0.0.1', `--adminpass=${admin.password}`],
    ...Object.entries(options).map(([name, value]) => `--option=${name}=${value}`),
  ]);
  await configure(folder, []);
  const tool = toolIn(folder);
  await tool('ou', 'create', userBase);
  await tool('ou', 'create', groupBase);
  await tool('user', 'create', 'svc-ems', service.password);
  const sid = await sidOf(tool, 'svc-ems');
  const delegate = (unit: string, attribute: string, objects: string): Promise<string> =>
    tool('dsacl', 'set', `--objectdn=${unit}`, `--sddl=(OA;CIIO;RPWP;${attribute};${objects};${sid})`);
  // The schemaIDGUIDs of userAccountControl of users, and of member of groups.
  await delegate(userBase, 'bf967a68-0de6-11d0-a285-00aa003049e2', 'bf967aba-0de6-11d0-a285-00aa003049e2');
  await delegate(groupBase, MEMBER, 'bf967a9c-0de6-11d0-a285-00aa003049e2');
  return folder;
}

/** Every path is inside the folder, so that a copy is independent. */
async function configure(folder: string, lines: string[]): Promise<string> {
  const inside = (name: string): string => path.join(folder, name);
  for (const name of ['run', 'cache', 'etc']) await mkdir(inside(name), { recursive: true });
  const smbConf = inside('etc/smb.conf');
  const settings = [
    '[global]',
    'netbios name = DC1',
    'realm = AD.ACME.EXAMPLE',
    'workgroup = ACME',
    'server role = active directory domain controller',
    `private dir = ${inside('private')}`,
    `state directory = ${inside('state')}`,
    `cache directory = ${inside('cache')}`,
    `lock directory = ${folder}`,
    `pid directory = ${inside('run')}`,
    `ncalrpc dir = ${inside('run/ncalrpc')}`,
    `winbindd socket directory = ${inside('run/winbindd')}`,
    `binddns dir = ${inside('bind-dns')}`,
    `log file = ${inside('log')}`,
    ...lines,
  ];
  await writeFile(smbConf, settings.join('\n') + '\n');
  return smbConf;
}

/** A loopback address that no other test process has: it is claimed by listening on a port of it. */
async function ownAddress(): Promise<string> {
  for (let last = 1 + (process.pid % 250); ; last = (last % 250) + 1) {
    const address = `127.0.77.${last}`;
    const claim = net.createServer();
    try {
      claim.listen(3270, address);
      await once(claim, 'listening');
      claim.unref();
      return address;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
  }
}

async function isListening(host: string, port: number): Promise<void> {
  const socket = net.connect({ host, port });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
