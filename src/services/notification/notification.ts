/** Tells the manager: that somebody resigned, and how it ended. */
import type { Decision, Ending } from '../../exit/decision.js';
import { messageId } from '../../exit/ids.js';
import type { Contact, Employee } from '../../exit/people.js';
import type { Resignation } from '../../exit/resignation.js';
import type { Mailer } from '../protocols/smtp.js';
import { outcomeMail, resignationMail } from './templates.js';

export interface NotificationOptions {
  mailer: Mailer;
  organisation: { name: string; domain: string };
  hrPartner: Contact;
  operator: Contact;
}

interface About {
  exitId: string;
  employee: Employee;
  /** The critical systems of this exit. */
  systems: string[];
}

export interface Told {
  to: string;
  messageId: string;
}

export type NotificationService = ReturnType<typeof createNotificationService>;

export function createNotificationService({
  mailer,
  organisation,
  hrPartner,
  operator,
}: NotificationOptions) {
  async function tell(
    what: string,
    { exitId, employee: { manager } }: About,
    mail: { subject: string; text: string; html: string },
    signal: AbortSignal,
  ): Promise<Told> {
    const id = messageId(exitId, what, manager.email, organisation.domain);
    await mailer.send({ to: { name: manager.name, email: manager.email }, messageId: id, ...mail }, signal);
    return { to: manager.email, messageId: id };
  }

  return {
    notifyManager(
      about: About & { resignation: Resignation; openedAt: string },
      signal: AbortSignal,
    ): Promise<Told> {
      return tell(
        'notify-manager',
        about,
        resignationMail({ ...about, organisation, hrPartner, operator }),
        signal,
      );
    },

    notifyManagerOfOutcome(
      about: About & { outcome: Ending; decision?: Decision | undefined },
      signal: AbortSignal,
    ): Promise<Told> {
      return tell(
        'notify-manager-of-outcome',
        about,
        outcomeMail({ ...about, organisation, hrPartner, operator }),
        signal,
      );
    },
  };
}
