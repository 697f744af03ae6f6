/** The mails of an exit to the manager, the employee, HR and the operator, except those on the interview. */
import { notConcerned } from '../../exit/contacts.js';
import type { Corrected, Decision, Uncorrected } from '../../exit/decision.js';
import type { Digest } from '../../exit/digest.js';
import type { OrphanedHold } from '../../exit/drift.js';
import { messageId } from '../../exit/ids.js';
import { isSameIdentity } from '../../exit/mail-address.js';
import {
  shortName,
  titleOf,
  type Answer,
  type Contact,
  type Employee,
  type Sent,
} from '../../exit/people.js';
import type { Proposal } from '../../exit/proposals.js';
import type { Recipient } from '../../exit/told.js';
import type { Resignation } from '../../exit/resignation.js';
import { addressesOf, basicsOf, linkTo } from '../mails/mail-basics.js';
import { Failures } from '../mails/failures-by-address.js';
import {
  decideCommand,
  openingsCommand,
  resignCommand,
  resolveCommand,
  secondCommand,
  statusCommand,
} from '../mails/commands.js';
import type { Mail } from '../mails/mails.js';
import type { MailTemplates } from '../mails/templates.js';
import type { Deliveries, Mailer } from '../protocols/smtp.js';

interface NotificationOptions {
  mailer: Mailer;
  templates: MailTemplates;
  organisation: { name: string; domain: string; consoleUrl: string };
  /** In the order in which they stand in for one another. */
  hrPartners: readonly [Contact, ...Contact[]];
  escalateTo: Contact;
  operator: Contact;
}

interface AboutEmployee {
  exitId: string;
  employee: Employee;
  /** The critical systems of this exit. */
  systems: string[];
}

interface AboutExit {
  exitId: string;
  employeeId: string;
  /** Undefined where the directory does not know them. */
  employee?: Pick<Employee, 'displayName'> | undefined;
}

/** An open decision. Times are ISO 8601 in UTC. */
interface OpenDecision extends AboutExit {
  hrPartner: Contact;
  openedAt: string;
  reviewBy: string;
  /** The number of reminders before the escalation, by the exit's policy. */
  of: number;
  systems: string[];
}

/** What a second person is to confirm. */
interface Asked extends AboutExit {
  systems: string[];
  secondPerson: Contact;
  proposal: Proposal;
}

export type NotificationService = ReturnType<typeof createNotificationService>;

export function createNotificationService({
  mailer,
  templates,
  organisation,
  hrPartners,
  escalateTo,
  operator,
}: NotificationOptions) {
  /** Of none of them the employee is told to ask themselves. */
  const whomToAsk = (employee: Pick<Employee, 'employeeId' | 'identities'>) => ({
    hrPartner: notConcerned([...hrPartners, escalateTo, operator], employee),
    operator: notConcerned([operator, ...hrPartners, escalateTo], employee),
  });

  const idOf = (exitId: string, what: string, email: string): string =>
    messageId(exitId, what, email, organisation.domain);

  async function send(
    exitId: string,
    what: string,
    to: Contact,
    mail: Mail,
    signal: AbortSignal,
  ): Promise<Sent> {
    const id = idOf(exitId, what, to.email);
    await mailer.send({ to, messageId: id, ...mail }, signal);
    return { to: to.email, messageId: id };
  }

  /**
   * Sends a mail to each address. The refusal of one is a failure only where none accepts the mail; a refusal of the sender always is.
   * @throws FinalFailure AddressRefused, Refused
   */
  async function sendEach(
    exitId: string,
    what: string,
    mails: readonly { to: { name: string; email: string }; mail: Mail }[],
    deliveries: Deliveries,
    signal: AbortSignal,
  ): Promise<Answer[]> {
    const answers: Answer[] = [];
    const failures = new Failures();
    for (const { to, mail } of mails) {
      const id = idOf(exitId, what, to.email);
      if (!deliveries.has(id)) {
        await deliveries.settle();
        try {
          await send(exitId, what, to, mail, signal);
        } catch (error) {
          if (signal.aborted) throw error;
          failures.add(error as Error);
          continue;
        }
        await deliveries.add(id);
      }
      answers.push({ to: to.email, messageId: id });
    }
    failures.throwOthers();
    if (answers.length === 0 && mails.length > 0) throw failures.asRefusal();
    return [...answers, ...failures.refusals.map(({ message }) => ({ refused: message }))];
  }

  function secondPersonMail(about: Asked): Mail {
    const { exitId, employeeId, systems, secondPerson: to, proposal } = about;
    const { by, at, decision, override = null, note = null } = proposal;
    const number = override === null ? undefined : proposal.number;
    return templates.render('second-person', to.language, {
      ...basicsOf(organisation, to, about),
      link: linkTo(exitId, organisation),
      ...{ systems, proposedBy: by, proposedAt: at, override, note },
      outcome: decision?.outcome ?? null,
      effectiveOn: decision?.effectiveOn ?? null,
      commands: {
        confirm: secondCommand(employeeId, 'confirm', to.email, number),
        reject: secondCommand(employeeId, 'reject', to.email, number),
        status: statusCommand(employeeId),
      },
    });
  }

  const toManager = ({ exitId, employee, systems }: AboutEmployee) => ({
    ...basicsOf(organisation, employee.manager, { employeeId: employee.employeeId, employee }),
    link: linkTo(exitId, organisation),
    whomToAsk: whomToAsk(employee),
    systems,
  });

  function aboutDecision(to: Contact, about: OpenDecision) {
    const { employeeId, systems, openedAt, reviewBy } = about;
    return {
      ...basicsOf(organisation, to, about),
      link: linkTo(about.exitId, organisation),
      systems,
      openedAt,
      reviewBy,
      commands: {
        retained: decideCommand(employeeId, 'retained', to.email),
        leaving: decideCommand(employeeId, 'leaving', to.email),
        status: statusCommand(employeeId),
      },
    };
  }

  return {
    notifyManager(
      about: AboutEmployee & { resignation: Resignation; openedAt: string },
      signal: AbortSignal,
    ): Promise<Sent> {
      const { exitId, employee, resignation } = about;
      const mail = templates.render('manager-resignation', languageOfManager(employee), {
        ...toManager(about),
        lastWorkingDay: resignation.lastWorkingDay ?? null,
      });
      return send(exitId, 'notify-manager', employee.manager, mail, signal);
    },

    notifyManagerOfOutcome(
      about: AboutEmployee & {
        outcome: Uncorrected;
        decision?: Decision | undefined;
        /** The systems where a person settled the restore or the revoke. */
        unobserved?: readonly string[] | undefined;
      },
      signal: AbortSignal,
    ): Promise<Sent> {
      const { exitId, employee, outcome, decision, unobserved = [] } = about;
      const mail = templates.render(`manager-${outcome}`, languageOfManager(employee), {
        ...toManager(about),
        decidedBy: decision?.decidedBy ?? null,
        unobserved: unobserved.length > 0 ? unobserved : null,
      });
      return send(exitId, 'notify-manager-of-outcome', employee.manager, mail, signal);
    },

    /**
     * Sends to the employee's mailbox, which the hold may have blocked, and to their personal one.
     * @throws FinalFailure AddressRefused, Refused
     */
    async notifyEmployee(
      about: AboutEmployee & { openedAt: string; reviewBy?: string | undefined },
      deliveries: Deliveries,
      signal: AbortSignal,
    ): Promise<Answer[]> {
      const { exitId, employee, systems, openedAt, reviewBy } = about;
      const { employeeId, displayName: name, language } = employee;
      const mail = templates.render('employee-access-blocked', language, {
        ...basicsOf(organisation, { name }, { employeeId, employee }),
        whomToAsk: whomToAsk(employee),
        systems,
        openedAt,
        reviewBy: reviewBy ?? null,
      });
      const mails = addressesOf(employee, 'tell').map((email) => ({ to: { name, email }, mail }));
      return sendEach(exitId, 'notify-employee', mails, deliveries, signal);
    },

    /**
     * Tells each address that was told of the resignation that it no longer stands, or was never the employee's.
     * @throws FinalFailure AddressRefused, Refused
     */
    sendCorrection(
      about: AboutExit & { of: Corrected; told: readonly Recipient[]; openedAt: string; systems: string[] },
      deliveries: Deliveries,
      signal: AbortSignal,
    ): Promise<Answer[]> {
      const { exitId, of, told, openedAt, systems } = about;
      const mails = told.map(({ email, name, language, isEmployee }) => ({
        to: { name: name ?? email, email },
        mail: templates.render(`correction-${of}`, language, {
          ...basicsOf(organisation, name === undefined ? null : { name }, about),
          ...{ isEmployee, openedAt, systems },
        }),
      }));
      return sendEach(exitId, 'send-correction', mails, deliveries, signal);
    },

    /** @param about.proposal waits for `hrPartner`, who is a second person then */
    remindHrPartner(
      about: OpenDecision & { number: number; proposal?: Proposal | undefined },
      signal: AbortSignal,
    ): Promise<Sent> {
      const { exitId, hrPartner, number, of, proposal } = about;
      const data = { ...aboutDecision(hrPartner, about), number, of };
      const mail = proposal
        ? secondPersonMail({ ...about, secondPerson: hrPartner, proposal })
        : templates.render('decision-reminder', hrPartner.language, data);
      return send(exitId, `remind-hr-partner.${number}`, hrPartner, mail, signal);
    },

    /** Asks a second person to confirm what another one has proposed. */
    askSecondPerson(about: Asked, signal: AbortSignal): Promise<Sent> {
      const { exitId, secondPerson, proposal } = about;
      const mail = secondPersonMail(about);
      return send(exitId, `second-person.${proposal.number}`, secondPerson, mail, signal);
    },

    /**
     * The weekly mail to each HR partner.
     * @param id of the digest: the same one is the same mail
     * @throws FinalFailure AddressRefused, Refused
     */
    /** Tells HR that openings wait, and of those the ones who did not ask. */
    async tellOfOpenings(
      { askedBy, askedAt }: { askedBy: string; askedAt: string },
      signal: AbortSignal,
    ): Promise<void> {
      const { consoleUrl } = organisation;
      const others = hrPartners.filter(({ email }) => !isSameIdentity(email, askedBy));
      for (const to of others.length > 0 ? others : [escalateTo]) {
        const mail = templates.render('openings-wait', to.language, {
          ...{ organisation: organisation.name, link: null, whomToAsk: null, askedBy, askedAt },
          to: { name: shortName(to.name), insteadOfManager: null },
          list: consoleUrl === '' ? null : `${consoleUrl}/openings`,
          command: openingsCommand(),
        });
        await send(`openings-${askedAt.replaceAll(/\D/g, '')}`, 'wait', to, mail, signal);
      }
    },

    sendDigest(
      { id, digest }: { id: string; digest: Digest },
      deliveries: Deliveries,
      signal: AbortSignal,
    ): Promise<Answer[]> {
      const { open, attention, overdue, exits } = digest;
      const { consoleUrl } = organisation;
      const data = {
        ...{ organisation: organisation.name, link: null, whomToAsk: null },
        ...{ open, attention, overdue, left: open - exits.length },
        list: consoleUrl === '' ? null : `${consoleUrl}/?show=open`,
        exits: exits.map(({ employeeId, name: employeeName, reviewBy, lastWorkingDay, ...about }) => ({
          ...{ nameAndId: titleOf({ employeeId, employeeName }), ...about },
          ...{ reviewBy: reviewBy ?? null, lastWorkingDay: lastWorkingDay ?? null },
        })),
      };
      const mails = hrPartners.map((to) => ({
        to,
        mail: templates.render('weekly-digest', to.language, {
          ...data,
          to: { name: shortName(to.name), insteadOfManager: null },
        }),
      }));
      return sendEach(id, 'weekly-digest', mails, deliveries, signal);
    },

    escalate(
      about: OpenDecision & {
        escalateTo: Contact;
        /** The number of the escalation, from 1. */
        number: number;
        /** The number of reminders sent; default: all. */
        reminders?: number | undefined;
        /** Waits for a second person. */
        proposal?: Proposal | undefined;
      },
      signal: AbortSignal,
    ): Promise<Sent> {
      const { exitId, escalateTo, hrPartner, number, of, reminders = of, proposal } = about;
      const proposedBy = proposal?.by ?? null;
      const data = { ...aboutDecision(escalateTo, about), hrPartner, number, reminders, proposedBy };
      const mail = templates.render('decision-escalation', escalateTo.language, data);
      return send(exitId, `escalate.${number}`, escalateTo, mail, signal);
    },

    notifyOperator(
      about: AboutExit & {
        operator: Contact;
        /** The number of the notice, from 1. */
        number: number;
        causes: {
          /** The step key, with its system if any: `block-access:payroll`. */
          step: string;
          error: string;
          /** EMS has acted on it: there is nothing to settle. */
          isNews?: boolean | undefined;
        }[];
      },
      signal: AbortSignal,
    ): Promise<Sent> {
      const { exitId, employeeId, operator, number, causes } = about;
      const resolve = (step: string, action: Parameters<typeof resolveCommand>[2]) =>
        resolveCommand(employeeId, step, action, operator.email);
      const mail = templates.render('operator-attention', operator.language, {
        ...basicsOf(organisation, operator, about),
        link: linkTo(exitId, organisation),
        commands: { status: statusCommand(employeeId) },
        isNews: causes.every(({ isNews = false }) => isNews),
        causes: causes.map(({ step, error, isNews = false }) => ({
          step,
          error,
          isNews,
          commands: {
            retry: resolve(step, 'retry'),
            doneByHand: resolve(step, 'done-by-hand'),
            skip: resolve(step, 'skip'),
          },
        })),
      });
      return send(exitId, `notify-operator.${number}`, operator, mail, signal);
    },

    notifyOfOrphanedHold(about: OrphanedHold, signal: AbortSignal): Promise<Sent> {
      const { exitId, employeeId, systems, how, endedAt } = about;
      const mail = templates.render('operator-orphaned-hold', operator.language, {
        ...basicsOf(organisation, operator, about),
        ...{ systems, how: how.toLowerCase().replace('_', ' '), endedAt },
        commands: { resign: resignCommand(employeeId) },
      });
      return send(exitId, 'orphaned-hold', operator, mail, signal);
    },
  };
}

/** A substitute for the manager is a configured contact, for whom the employee's language is no hint. */
const languageOfManager = ({ manager, language }: Employee): string | undefined =>
  manager.language ?? (manager.insteadOfManager === undefined ? language : undefined);
