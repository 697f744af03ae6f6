/** Creates the services from the configuration, for both forms. */
import {
  isAsked,
  isManual,
  type AskedSystemConfig,
  type Config,
  type HrPartnerConfig,
  type KeycloakSystemConfig,
  type LdapSystemConfig,
  type OwnSystemConfig,
  type ScimSystemConfig,
} from '../config/config.js';
import { ConfigError } from '../config/config-error.js';
import type { HasOpenExit } from '../exit/acting.js';
import type { MailOf } from '../exit/told.js';
import { FailureType, isFinalFailure } from '../exit/failures.js';
import { attributesOfId, isById, type Person } from '../exit/matching.js';
import type { Contact } from '../exit/people.js';
import type { AccessPort } from './access/access-port.js';
import { createAccessService, type AccessService } from './access/access.js';
import type { HasActed } from './access/other-exits.js';
import { createKeycloakAdapter } from './access/adapters/keycloak-adapter.js';
import { createLdapAdapter } from './access/adapters/ldap-adapter.js';
import { activeDirectory, openldap } from './access/adapters/ldap-dialects.js';
import { loadAdapter } from './access/adapters/own-adapter.js';
import { createScimAdapter } from './access/adapters/scim-adapter.js';
import { sessionRevoker } from './access/sessions.js';
import { createDirectoryService, type DirectoryService } from './directory/directory.js';
import { createHrService, type HrPartner, type HrService } from './hr/hr.js';
import type { SlotLocks } from './hr/slot-locks.js';
import { loadTemplates } from './mails/templates.js';
import { createNotificationService, type NotificationService } from './notification/notification.js';
import { createCalendar } from './protocols/caldav.js';
import { createKeycloakClient, type KeycloakClient } from './protocols/keycloak.js';
import { createLdapClient, type LdapClient } from './protocols/ldap.js';
import { paceOf, type Pace } from './protocols/pace.js';
import { createScimClient, type ScimClient } from './protocols/scim.js';
import { createMailer, type Mailer } from './protocols/smtp.js';
import { createStepService, type StepService } from './steps/step-service.js';
import { createSubscriberService, type SubscriberService } from './subscribers/subscriber-service.js';

export const DIRECTORY = 'the directory';

const directoryClients = new WeakMap<Config, ScimClient>();

/** One for a configuration: what its searches have proven serves all who ask. */
export function directoryClient(config: Config): ScimClient {
  const { scimUrl, token } = config.directory;
  const client =
    directoryClients.get(config) ??
    createScimClient({ name: DIRECTORY, scimUrl, token, requestTimeoutMs: config.policy.requestTimeout });
  directoryClients.set(config, client);
  return client;
}

/** @param hasOpenExit of the form's record of exits */
export function createDirectory(config: Config, hasOpenExit?: HasOpenExit): DirectoryService {
  const { contacts } = config;
  return createDirectoryService({
    scim: directoryClient(config),
    hasOpenExit,
    fallbacks: [...hrContacts(contacts), contacts.escalation, contacts.operator],
  });
}

export function createNotification(
  config: Config,
  hasOpenExit?: HasOpenExit,
  mailOf?: MailOf,
): NotificationService {
  const { organisation, contacts } = config;
  const { operator } = contacts;
  return createNotificationService({
    mailer: mailerOf(config),
    templates: loadTemplates(config.interview),
    organisation,
    operator,
    hrPartners: hrContacts(contacts),
    escalateTo: contacts.escalation,
    deciders: config.decisions.deciders,
    mailOf,
    whoIsLeaving: createDirectory(config, hasOpenExit).whoIsLeaving,
  });
}

export function createHr(config: Config, locks: SlotLocks, hasOpenExit: HasOpenExit): HrService {
  const { organisation, contacts, interview, mail } = config;
  const [first, ...others] = contacts.hrPartners.map((partner) => hrPartner(config, partner));
  return createHrService({
    mailer: mailerOf(config),
    templates: loadTemplates(interview),
    organisation,
    policy: interview,
    partners: [first!, ...others],
    from: mail.from,
    locks,
    whoIsLeaving: createDirectory(config, hasOpenExit).whoIsLeaving,
  });
}

export function createSteps(config: Config, hasOpenExit?: HasOpenExit): StepService {
  const { organisation, contacts, interview, policy, steps, systems } = config;
  return createStepService({
    systems: systems.filter(isManual),
    // Copying `call` evaluates its token getter, so that a missing token fails at the start.
    steps: steps.map(({ call, ...step }) => ({ ...step, call: call && { ...call } })),
    mailer: mailerOf(config),
    templates: loadTemplates(interview),
    organisation,
    people: {
      hrPartners: hrContacts(contacts),
      operator: contacts.operator,
      review: { escalateTo: contacts.escalation },
    },
    whoIsLeaving: createDirectory(config, hasOpenExit).whoIsLeaving,
    requestTimeoutMs: policy.requestTimeout,
  });
}

export const createSubscribers = ({ subscribers, policy }: Config): SubscriberService =>
  createSubscriberService(
    // Copying evaluates the getter, so that a missing secret fails at the start.
    subscribers.map((subscriber) => ({ ...subscriber })),
    policy.requestTimeout,
  );

export function hrPartner({ interview, policy }: Config, partner: HrPartnerConfig): HrPartner {
  const contact = contactOf(partner);
  if (!partner.calendar) return { contact };
  const { url, user, password } = partner.calendar;
  const name = `the calendar of ${contact.name}`;
  const { timeZone } = interview;
  const requestTimeoutMs = policy.requestTimeout;
  return { contact, calendar: createCalendar({ name, url, user, password, timeZone, requestTimeoutMs }) };
}

/**
 * @param hasActed whether an exit of an employee has acted on a group in the last minutes
 * @returns the access services by the name of the critical system; a manual one has none
 * @throws ConfigError where the adapter of a system cannot be loaded
 */
export async function createAccess(
  config: Config,
  hasActed?: HasActed,
): Promise<ReadonlyMap<string, AccessService>> {
  const services = config.systems.filter(isAsked).map(async (system) => {
    const { name, match, also, protectedGroups, hold, restore, tokensLive, settle } = system;
    const criticalGroups = hold.kind === 'groups' ? hold.groups : [];
    const port = await adapterOf(system, config.policy.requestTimeout);
    // Where the employee id is enough, the access service needs neither the directory nor its token.
    const lookUp = [...match, ...also].every(isById) ? undefined : personIn(createDirectory(config));
    const declared = {
      ...(restore !== undefined && { restore }),
      ...(tokensLive !== undefined && { tokensLiveMs: tokensLive }),
      ...(settle !== undefined && { settleMs: settle }),
    };
    const groups = { protectedGroups, criticalGroups };
    return [name, createAccessService({ port, match, also, lookUp, ...groups, declared, hasActed })] as const;
  });
  return new Map(await Promise.all(services));
}

/** The login and the address of a person, for systems that know no employee id: a hold begins by what is learned, also without the directory. */
const personIn =
  (directory: DirectoryService) =>
  async (person: Person, signal: AbortSignal): Promise<Person> => {
    const { learned = {} } = person;
    const found = await directory.lookUp(person.employeeId, signal).catch((error: unknown) => {
      const isLearned = Object.values(learned).some((key) => key !== undefined);
      if (isLearned || isFinalFailure(error, FailureType.UnknownEmployee)) return undefined;
      throw error;
    });
    return {
      ...person,
      login: person.login ?? found?.login ?? learned.login,
      email: person.email ?? found?.email ?? learned.email,
    };
  };

function adapterOf(system: AskedSystemConfig, requestTimeoutMs: number): AccessPort | Promise<AccessPort> {
  switch (system.protocol) {
    case 'scim':
      return scimAdapterOf(system, requestTimeoutMs);
    case 'ldap':
      return ldapAdapterOf(system, requestTimeoutMs);
    case 'keycloak':
      return createKeycloakAdapter(keycloakClientOf(system, requestTimeoutMs), attributesOfId(system.match));
    case 'own':
      return ownAdapterOf(system, requestTimeoutMs);
  }
}

/** @param pace shared with other requests to the system */
export function scimClientOf(system: ScimSystemConfig, requestTimeoutMs: number, pace?: Pace): ScimClient {
  const { name, scimUrl, token, settle: settleMs } = system;
  return createScimClient({ name, scimUrl, token, requestTimeoutMs, pace, settleMs });
}

function scimAdapterOf(system: ScimSystemConfig, requestTimeoutMs: number): AccessPort {
  const { name, rateLimit, sessionRevocation } = system;
  const pace = rateLimit && paceOf(name, rateLimit.requestsPerSecond);
  const scim = scimClientOf(system, requestTimeoutMs, pace);
  const endSessions =
    sessionRevocation && sessionRevoker({ ...sessionRevocation, name, requestTimeoutMs, pace });
  return createScimAdapter({ scim, endSessions });
}

export async function ownAdapterOf(system: OwnSystemConfig, requestTimeoutMs: number): Promise<AccessPort> {
  const { name, adapter, options, secret, rateLimit } = system;
  const pace = rateLimit ? paceOf(name, rateLimit.requestsPerSecond) : () => Promise.resolve();
  return loadAdapter(adapter, { system: name, options, secret, requestTimeoutMs, pace }).catch(
    (error: Error) => {
      throw new ConfigError(`the adapter of ${name} cannot be loaded: ${error.message}`, { cause: error });
    },
  );
}

export function ldapClientOf(system: LdapSystemConfig, requestTimeoutMs: number): LdapClient {
  const { name, url, bindDn, password, ca, rateLimit } = system;
  const pace = rateLimit && paceOf(name, rateLimit.requestsPerSecond);
  return createLdapClient({ name, url, bindDn, password, ca, requestTimeoutMs, pace });
}

function ldapAdapterOf(system: LdapSystemConfig, requestTimeoutMs: number): AccessPort {
  const { directory, userBase, groupBase, defaultPolicy, match } = system;
  const ldap = ldapClientOf(system, requestTimeoutMs);
  const dialect = directory === 'active-directory' ? activeDirectory : openldap(defaultPolicy);
  return createLdapAdapter({ ldap, dialect, userBase, groupBase, ids: attributesOfId(match) });
}

export function keycloakClientOf(system: KeycloakSystemConfig, requestTimeoutMs: number): KeycloakClient {
  const { name, url: base, realm, clientId, clientSecret, rateLimit } = system;
  const pace = rateLimit && paceOf(name, rateLimit.requestsPerSecond);
  return createKeycloakClient({ name, base, realm, clientId, clientSecret, requestTimeoutMs, pace });
}

export function mailerOf({ mail, policy }: Config): Mailer {
  const { requestTimeout, retry } = policy;
  // RFC 5321 §4.5.4.1 asks for half an hour; a step shows its reason sooner.
  return createMailer({
    ...mail,
    requestTimeoutMs: requestTimeout,
    limitPauseMs: 10 * retry.maximumInterval,
  });
}

const hrContacts = ({ hrPartners: [first, ...others] }: Config['contacts']): [Contact, ...Contact[]] => [
  contactOf(first),
  ...others.map(contactOf),
];

const contactOf = ({ name, email, language }: Contact): Contact => ({ name, email, language });
