/** A mail to send. */
import type { Sent } from '../../src/exit/people.js';
import {
  createMailer,
  type Deliveries,
  type Mailer,
  type MailerOptions,
  type Message,
} from '../../src/services/protocols/smtp.js';
import { sampleConfig } from './sample-config.js';

/** How long a mail waits after a quota of the server. */
export const LIMIT_PAUSE_MS = 600_000;

export const DANA = 'dana.fox@acme.example';

export const mailer = (port: number, changes: Partial<MailerOptions> = {}): Mailer =>
  createMailer({
    ...sampleConfig.mail,
    port,
    requestTimeoutMs: 5000,
    limitPauseMs: LIMIT_PAUSE_MS,
    ...changes,
  });

export const message = (email: string = DANA, name = 'Dana Fox'): Message => ({
  to: { name, email },
  subject: 'Hello',
  text: 'In plain words\n',
  html: '<p>In HTML</p>\n',
  messageId: '<exit-1.notify-manager.4e151e32@acme.example>',
});

/** To whom mails went. */
export const addressesOf = (sent: readonly Sent[]): string[] => sent.map(({ to }) => to);

export function deliveries(): Deliveries {
  const delivered = new Set<string>();
  return {
    has: (id) => delivered.has(id),
    add: async (id) => void (await Promise.resolve(delivered.add(id))),
    settle: () => Promise.resolve(),
  };
}
