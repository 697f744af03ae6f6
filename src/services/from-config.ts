/** Creates the services from the configuration, for both forms. */
import type { Config, HrPartnerConfig } from '../config/config.js';
import { FailureType, FinalFailure } from '../exit/failures.js';
import type { Person } from '../exit/matching.js';
import type { Contact } from '../exit/people.js';
import type { AccessPort } from './access/access-port.js';
import { createAccessService, type AccessService } from './access/access.js';
import { createScimAdapter } from './access/adapters/scim-adapter.js';
import { sessionRevoker } from './access/sessions.js';
import { createDirectoryService, type DirectoryService } from './directory/directory.js';
import { createHrService, type HrPartner, type HrService } from './hr/hr.js';
import type { SlotLocks } from './hr/slot-locks.js';
import { loadTemplates } from './mails/templates.js';
import { createNotificationService, type NotificationService } from './notification/notification.js';
import { createCalendar } from './protocols/caldav.js';
import { paceOf } from './protocols/pace.js';
import { createScimClient } from './protocols/scim.js';
import { createMailer, type Mailer } from './protocols/smtp.js';
import { createStepService, type StepService } from './steps/step-service.js';

export function createDirectory({ directory, contacts, policy }: Config): DirectoryService {
  const { scimUrl, token } = directory;
  return createDirectoryService({
    scim: createScimClient({
      name: 'the directory',
      scimUrl,
      token,
      requestTimeoutMs: policy.requestTimeout,
    }),
    fallback: contactOf(contacts.hrPartners[0]),
  });
}

export function createNotification(config: Config): NotificationService {
  const { organisation, contacts } = config;
  const { operator, hrPartners } = contacts;
  return createNotificationService({
    mailer: mailerOf(config),
    templates: loadTemplates(config.interview),
    organisation,
    operator,
    hrPartner: contactOf(hrPartners[0]),
  });
}

export function createHr(config: Config, locks: SlotLocks): HrService {
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
  });
}

export function createSteps(config: Config): StepService {
  const { organisation, contacts, interview, policy, steps } = config;
  return createStepService({
    // Copying `call` evaluates its token getter, so that a missing token fails at the start.
    steps: steps.map(({ call, ...step }) => ({ ...step, call: call && { ...call } })),
    mailer: mailerOf(config),
    templates: loadTemplates(interview),
    organisation,
    operator: contacts.operator,
    hrPartner: contactOf(contacts.hrPartners[0]),
    requestTimeoutMs: policy.requestTimeout,
  });
}

export function hrPartner({ interview, policy }: Config, partner: HrPartnerConfig): HrPartner {
  const contact = contactOf(partner);
  if (!partner.calendar) return { contact };
  const { url, user, password } = partner.calendar;
  const name = `the calendar of ${contact.name}`;
  const { timeZone } = interview;
  const requestTimeoutMs = policy.requestTimeout;
  return { contact, calendar: createCalendar({ name, url, user, password, timeZone, requestTimeoutMs }) };
}

/** @returns the access services by the name of the critical system */
export function createAccess(config: Config): ReadonlyMap<string, AccessService> {
  const lookUp = personIn(createDirectory(config));
  return new Map(
    config.systems.map((system) => {
      const { match, also, protectedGroups, restore, tokensLive } = system;
      const port = adapterOf(system, config.policy.requestTimeout);
      const declared = {
        ...(restore !== undefined && { restore }),
        ...(tokensLive !== undefined && { tokensLiveMs: tokensLive }),
      };
      return [system.name, createAccessService({ port, match, also, lookUp, protectedGroups, declared })];
    }),
  );
}

/** The login and the address of a person, for systems that know no employee id. */
const personIn =
  (directory: DirectoryService) =>
  async (person: Person, signal: AbortSignal): Promise<Person> => {
    try {
      const { login, email } = await directory.lookUp(person.employeeId, signal);
      return { ...person, login: person.login ?? login, email: person.email ?? email };
    } catch (error) {
      if (error instanceof FinalFailure && error.type === FailureType.UnknownEmployee) return person;
      throw error;
    }
  };

function adapterOf(system: Config['systems'][number], requestTimeoutMs: number): AccessPort {
  const { name, scimUrl, token, rateLimit, sessionRevocation, settle: settleMs } = system;
  const pace = rateLimit && paceOf(name, rateLimit.requestsPerSecond);
  const scim = createScimClient({ name, scimUrl, token, requestTimeoutMs, pace });
  const endSessions =
    sessionRevocation && sessionRevoker({ ...sessionRevocation, name, requestTimeoutMs, pace });
  return createScimAdapter({ scim, settleMs, endSessions });
}

function mailerOf({ mail, policy }: Config): Mailer {
  return createMailer({ ...mail, requestTimeoutMs: policy.requestTimeout });
}

const contactOf = ({ name, email, language }: Contact): Contact => ({ name, email, language });
