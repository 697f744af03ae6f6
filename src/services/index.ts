/** The services, each talking to the servers that the configuration names. Both forms of the exit are built on these. */
import type { Config } from '../config.js';
import { createAccessService, type AccessService } from './access/access.js';
import { createDirectoryService, type DirectoryService } from './directory/directory.js';
import { createHrService, type HrService } from './hr/hr.js';
import { createNotificationService, type NotificationService } from './notification/notification.js';
import { createScimClient } from './protocols/scim.js';
import { createMailer, type Mailer } from './protocols/smtp.js';

export function createDirectory({ directory, contacts, policy }: Config): DirectoryService {
  const { scimUrl, token } = directory;
  return createDirectoryService({
    scim: createScimClient({
      name: 'the directory',
      scimUrl,
      token,
      requestTimeoutMs: policy.requestTimeout,
    }),
    fallback: contacts.hrPartner,
  });
}

export function createNotification(config: Config): NotificationService {
  const { organisation, contacts } = config;
  return createNotificationService({ mailer: mailerOf(config), organisation, ...contacts });
}

export function createHr(config: Config): HrService {
  const { organisation, contacts, interview, mail } = config;
  return createHrService({
    mailer: mailerOf(config),
    organisation,
    policy: interview,
    hrPartner: contacts.hrPartner,
    from: mail.from,
  });
}

/** By the name of the critical system. */
export function createAccess({ systems, policy }: Config): ReadonlyMap<string, AccessService> {
  return new Map(
    systems.map(({ name, scimUrl, token, accountAttribute }) => {
      const scim = createScimClient({ name, scimUrl, token, requestTimeoutMs: policy.requestTimeout });
      return [name, createAccessService({ scim, accountAttribute })];
    }),
  );
}

function mailerOf({ mail, policy }: Config): Mailer {
  return createMailer({ ...mail, requestTimeoutMs: policy.requestTimeout });
}
