/** The servers that the contract suite runs against. */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import gatekeeperContract from '../../examples/gatekeeper/gatekeeper-contract.js';
import { startScimServer } from '../../src/local/scim-process.js';
import type { CriticalSystemOptions } from '../support/critical-system.js';
import type { Quirk } from '../support/fault-proxy.js';
import { overAdminRest, startKeycloak } from '../support/keycloak.js';
import type { LdapServer } from '../support/ldap-server.js';
import { overLdap } from '../support/ldap-system.js';
import { overOwn, type OwnContract } from '../support/own-system.js';
import { sambaLacks, startSamba } from '../support/samba.js';
import { startScim2Server } from '../support/scim2-server.js';
import { overScim, type CriticalServer, type ScimSystem } from '../support/scim-system.js';
import { slapdLacks, startSlapd } from '../support/slapd.js';
import { scratchFolder } from '../support/temporal.js';
import * as quirks from './quirks.js';

export interface Target extends Pick<CriticalSystemOptions, 'connect'> {
  name: string;
  /** A server as it is, not made to lack something. */
  asItIs: boolean;
  /** Why the server cannot be had on this machine. */
  lacks?: string | undefined;
}

export interface ScimTarget extends Target, ScimSystem {}

const scim = (name: string, system: ScimSystem): ScimTarget => ({
  name,
  asItIs: system.quirk === undefined,
  ...system,
  connect: overScim(system),
});

/**
 * One of each per test process, with which it ends (local/die-with-parent.ts, local/guard.ts). Every group of tests has names of its
 * own on it, and deletes what it made.
 */
function shared<T extends CriticalServer | LdapServer>(
  start: (logFile: string) => Promise<T>,
): () => Promise<T> {
  let server: Promise<T> | undefined;
  return async () => {
    server ??= scratchFolder().then((folder) => start(path.join(folder, 'server.log')));
    return { ...(await server), stop: () => Promise.resolve() };
  };
}

export const embedded = scim('the embedded directory', {
  server: shared((logFile) => startScimServer({ name: 'payroll', token: 'token-of-the-system', logFile })),
});
export const scim2Server = scim('scim2-server @long', { server: shared(startScim2Server) });

const ldap: Target[] = [
  { name: 'OpenLDAP', asItIs: true, lacks: slapdLacks, connect: overLdap(shared(startSlapd)) },
  {
    name: 'Active Directory (Samba) @long',
    asItIs: true,
    lacks: sambaLacks,
    connect: overLdap(shared(startSamba)),
  },
];

export const keycloak = shared(startKeycloak);
const keycloaks: Target[] = [
  scim('Keycloak by SCIM @long', { server: keycloak, requestTimeoutMs: 15_000 }),
  { name: 'Keycloak by its Admin REST API @long', asItIs: true, connect: overAdminRest(keycloak) },
];

const variant = ({ name, ...system }: ScimTarget, lacking: string, quirk: Quirk): ScimTarget =>
  scim(`${name} ${lacking}`, { ...system, quirk });

/** A server of yours, where the environment names one. */
function named(): Target[] {
  return [...namedByUrl(), ...namedByModule()];
}

function namedByUrl(): Target[] {
  const {
    EMS_CONTRACT_SCIM_URL: scimUrl,
    EMS_CONTRACT_SCIM_TOKEN: token,
    EMS_CONTRACT_ACCOUNT_ATTRIBUTE,
  } = process.env;
  if (!scimUrl) return [];
  if (!token) throw new Error('EMS_CONTRACT_SCIM_URL is set, and EMS_CONTRACT_SCIM_TOKEN is not');
  return [
    scim('the server of EMS_CONTRACT_SCIM_URL', {
      server: () =>
        Promise.resolve({ scimUrl: scimUrl.replace(/\/+$/, ''), token, stop: () => Promise.resolve() }),
      accountAttribute: EMS_CONTRACT_ACCOUNT_ATTRIBUTE || undefined,
      requestTimeoutMs: 15_000,
    }),
  ];
}

function namedByModule(): Target[] {
  const { EMS_CONTRACT_OWN: module } = process.env;
  if (!module) return [];
  const start = async () => {
    const { default: begin } = (await import(pathToFileURL(path.resolve(module)).href)) as {
      default: () => Promise<OwnContract>;
    };
    return begin();
  };
  return [{ name: 'the system of EMS_CONTRACT_OWN', asItIs: true, connect: overOwn(start) }];
}

const gatekeeper: Target = {
  name: 'the gatekeeper of examples/, by an adapter of its own',
  asItIs: true,
  connect: overOwn(gatekeeperContract),
};

/** Without a quirk. */
const plain: Target[] = [embedded, scim2Server, gatekeeper, ...named(), ...ldap, ...keycloaks];

/**
 * What real servers lack or do otherwise: each thing alone on a server that does not do so by itself, and all together. What EMS
 * does not read is one variant.
 */
export const all: Target[] = [
  ...plain,
  variant(embedded, 'without ETags', quirks.withoutEtags),
  variant(
    scim2Server,
    'without ETags, answering PATCH with the resource',
    quirks.together(quirks.withoutEtags, quirks.patchAnswersTheResource),
  ),
  // The embedded directory answers with the resource by itself, scim2-server with 204.
  variant(embedded, 'answering PATCH with an empty 200', quirks.patchAnswersEmpty),
  variant(embedded, 'with pages of two', quirks.pagesOfTwo),
  variant(embedded, 'writing active as a string', quirks.activeAsString),
  variant(embedded, 'ignoring case in filters', quirks.filtersIgnoreCase),
  variant(
    embedded,
    'without User.groups, with relative locations, taking members by PATCH only',
    quirks.together(quirks.withoutUserGroups, quirks.relativeLocations, quirks.refusesGroupsWithMembers),
  ),
  variant(
    embedded,
    'with odd values, counting pages only, hiding members, answering no hit with 404',
    quirks.together(
      quirks.oddValues,
      quirks.countsThePage,
      quirks.membersOnRequest,
      quirks.answersNoHitWith404,
    ),
  ),
  variant(embedded, '@long ignoring filters on users', quirks.ignoresFiltersOnUsers),
  variant(embedded, 'at its worst', quirks.everything),
  variant(scim2Server, 'at its worst', quirks.everything),
];

/** Where faults are tried, which takes long. */
export const faulty: Target[] = [...plain, variant(embedded, 'without ETags', quirks.withoutEtags)];

/** Begins the names of this run: short, since servers limit the length of names, and random, since runs may overlap. */
export const run = `ems-contract-${randomUUID().slice(0, 6)}-`;
