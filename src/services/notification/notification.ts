/** The mails of an exit to the manager, the employee, HR and the operator, except those on the interview. */
import { present, whomToAsk, type Leaving, type PlannedPeople } from '../../exit/contacts.js';
import type { Corrected, Decision, Uncorrected } from '../../exit/decision.js';
import type { Digest } from '../../exit/digest.js';
import type { OrphanedHold } from '../../exit/drift.js';
import { FinalFailure } from '../../exit/failures.js';
import { fingerprint, messageId } from '../../exit/ids.js';
import { confirmersOf, escalatedTo } from '../../exit/opening.js';
import type { OpeningReminder } from '../../exit/opening-reminders.js';
import {
  shortName,
  titleOf,
  tellingOf,
  type Answer,
  type Contact,
  type Employee,
  type InTurn,
  type Sent,
} from '../../exit/people.js';
import type { Proposal } from '../../exit/proposals.js';
import type { MailOf, Recipient } from '../../exit/told.js';
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
  /** Who decides, where the configuration names them. */
  deciders?: PlannedPeople['deciders'];
  /** Who of the people with these mail addresses have an open exit of their own. */
  whoIsLeaving: (addresses: readonly string[], signal: AbortSignal) => Promise<Leaving>;
  /** Default: each exit sends a mail of its own. */
  mailOf?: MailOf | undefined;
}

/** How long an exit waits for the mail of another one that tells its manager as well. */
const TOLD_WITHIN_MS = 5 * 60_000;

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
  openedAt: string;
  reviewBy: string;
  /** The number of reminders before the escalation, by the exit's policy. */
  of: number;
  systems: string[];
}

/** What a second person is to confirm. */
interface Asked extends AboutExit {
  systems: string[];
  proposal: Proposal;
  /** `YYYY-MM-DD`; undefined where a decision takes effect at once. */
  effectiveOn?: string | undefined;
}

export type NotificationService = ReturnType<typeof createNotificationService>;

export function createNotificationService({
  mailer,
  templates,
  organisation,
  hrPartners,
  escalateTo,
  operator,
  deciders,
  whoIsLeaving,
  mailOf,
}: NotificationOptions) {
  const people = { hrPartners: [...hrPartners], operator, review: { escalateTo }, deciders };
  const named = (deciders ?? []).flatMap((each) => (typeof each === 'string' ? [] : each));
  /** @param more contacts that a mail goes to, besides the configured ones */
  const leavingAmong = (signal: AbortSignal, more: readonly Contact[] = []): Promise<Leaving> =>
    whoIsLeaving(
      [...hrPartners, escalateTo, operator, ...more].map(({ email }) => email),
      signal,
    );

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

  /** Sends a mail to the first one in turn who is there. A repetition has the same Message-ID. */
  async function tell(
    exitId: string,
    what: string,
    to: InTurn,
    mailTo: (contact: Contact) => Mail,
    signal: AbortSignal,
  ): Promise<Sent[]> {
    const leaving = await whoIsLeaving(
      to.map(({ email }) => email),
      signal,
    );
    const mails = present(to, leaving).map((contact) => ({ to: contact, mail: mailTo(contact) }));
    return tellingOf(await sendEach(exitId, what, mails, noneBefore, signal)).sent;
  }

  function secondPersonMail(to: Contact, about: Asked): Mail {
    const { exitId, employeeId, systems, proposal } = about;
    const { by, at, decision, override = null, note = null } = proposal;
    const number = override === null ? undefined : proposal.number;
    return templates.render('second-person', to.language, {
      ...basicsOf(organisation, to, about),
      link: linkTo(exitId, organisation),
      ...{ systems, proposedBy: by, proposedAt: at, override, note },
      outcome: decision?.outcome ?? null,
      effectiveOn: about.effectiveOn ?? null,
      commands: {
        confirm: secondCommand(employeeId, 'confirm', to.email, number),
        reject: secondCommand(employeeId, 'reject', to.email, number),
        status: statusCommand(employeeId),
      },
    });
  }

  const openingsMails = (
    to: InTurn,
    { askedBy, askedAt }: { askedBy: string; askedAt: string },
    reminder?: OpeningReminder,
  ) =>
    to.map((contact) => ({
      to: contact,
      mail: templates.render('openings-wait', contact.language, {
        ...{ organisation: organisation.name, link: null, whomToAsk: null, askedBy, askedAt },
        to: { name: shortName(contact.name), insteadOfManager: null },
        list: organisation.consoleUrl === '' ? null : `${organisation.consoleUrl}/openings`,
        ...{ command: openingsCommand(), reminder: reminder ?? null },
      }),
    }));

  const toManager = ({ exitId, employee, systems }: AboutEmployee, leaving: Leaving) => ({
    ...basicsOf(organisation, employee.manager, { employeeId: employee.employeeId, employee }),
    link: linkTo(exitId, organisation),
    whomToAsk: whomToAsk(people, employee, leaving),
    systems,
  });

  /** To HR, when an exit was opened. */
  function openedMail(
    to: Contact,
    about: AboutEmployee & { resignation: Resignation; openedAt: string; reviewBy?: string | undefined },
  ): Mail {
    const { exitId, employee, systems, openedAt, reviewBy, resignation } = about;
    const { employeeId, lastWorkingDay = null, submittedBy = null } = resignation;
    return templates.render('hr-resignation', to.language, {
      ...basicsOf(organisation, to, { employeeId, employee }),
      link: linkTo(exitId, organisation),
      ...{ systems, openedAt, reviewBy: reviewBy ?? null, lastWorkingDay, submittedBy },
      commands: { status: statusCommand(employeeId) },
    });
  }

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

  /** Once for the exits that opened together. */
  async function tellManager(
    about: AboutEmployee & { resignation: Resignation; openedAt: string },
    leaving: Leaving,
    deliveries: Deliveries,
    signal: AbortSignal,
  ): Promise<Sent & { by?: string }> {
    const { exitId, employee, resignation, openedAt } = about;
    const { manager } = employee;
    const { toldBy, tells = [] } = resignation.together ?? {};
    const isLate = Date.now() > Date.parse(openedAt) + TOLD_WITHIN_MS;
    if (toldBy !== undefined && mailOf) {
      const mail = await mailOf(toldBy, exitId).catch((error: unknown) => {
        if (!isLate) throw error;
        return undefined;
      });
      if (mail?.to === manager.email) return { ...mail, by: `told by the mail of the exit of ${toldBy}` };
      if (!mail && !isLate)
        throw new Error(
          `The mail of the exit of ${toldBy}, which tells ${manager.name} of this exit as well, has not gone out yet`,
        );
    }
    const { lastWorkingDay = null } = resignation;
    const data = toManager(about, leaving);
    const { nameAndId } = data.employee;
    const mail =
      tells.length === 0
        ? templates.render('manager-resignation', languageOfManager(employee), { ...data, lastWorkingDay })
        : templates.render('manager-resignations', languageOfManager(employee), {
            ...{ ...data, link: null },
            exits: [
              { nameAndId, lastWorkingDay, link: data.link },
              ...tells.map((each) => ({
                nameAndId: titleOf(each),
                lastWorkingDay: each.lastWorkingDay ?? null,
                link: linkTo(each.exitId, organisation),
              })),
            ],
          });
    const answers = await sendEach(exitId, 'notify-manager', [{ to: manager, mail }], deliveries, signal);
    return tellingOf(answers).sent[0]!;
  }

  return {
    /**
     * Tells the manager of the resignation, and HR. The mail to HR holds up neither the manager's, nor the other way round.
     * @param about.hr undefined where HR has opened the exit
     * @param about.giveUpHrAt when an outage of HR's mailbox holds the step up no longer: ISO 8601, UTC
     * @returns the mail to the manager, with those to HR
     * @throws FinalFailure AddressRefused where the manager's address is refused, Refused
     */
    async notifyManager(
      about: AboutEmployee & {
        resignation: Resignation;
        openedAt: string;
        reviewBy?: string | undefined;
        hr?: InTurn | undefined;
        giveUpHrAt?: string | undefined;
      },
      deliveries: Deliveries,
      signal: AbortSignal,
    ): Promise<Sent & { also?: Sent[]; notes: string[] }> {
      const { exitId, employee, hr, giveUpHrAt = about.openedAt } = about;
      const { manager } = employee;
      const leaving = await leavingAmong(signal, hr);
      const those = hr ? present(hr, leaving).filter(({ email }) => email !== manager.email) : [];
      const toHr = those.map((to) => ({ to, mail: openedMail(to, about) }));
      const [ofManager, ofHr] = await Promise.allSettled([
        tellManager(about, leaving, deliveries, signal),
        sendEach(exitId, 'notify-hr', toHr, deliveries, signal),
      ]);
      if (ofManager.status === 'rejected') throw ofManager.reason;
      const isTransient = ofHr.status === 'rejected' && !(ofHr.reason instanceof FinalFailure);
      if (isTransient && (signal.aborted || new Date().toISOString() < giveUpHrAt)) throw ofHr.reason;
      const { sent: also, notes } =
        ofHr.status === 'fulfilled'
          ? tellingOf(ofHr.value)
          : { sent: [], notes: [`HR was not told: ${(ofHr.reason as Error).message}`] };
      const { by, ...sent } = ofManager.value;
      return { ...sent, ...(also.length > 0 && { also }), notes: [...(by ? [by] : []), ...notes] };
    },

    async notifyManagerOfOutcome(
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
        ...toManager(about, await leavingAmong(signal)),
        decidedBy: decision?.decidedBy ?? null,
        observed: listOrNull(about.systems.filter((system) => !unobserved.includes(system))),
        unobserved: listOrNull(unobserved),
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
        whomToAsk: whomToAsk(people, employee, await leavingAmong(signal)),
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
      const mails = told.map(({ email, name, language, isEmployee, maySee }) => ({
        to: { name: name ?? email, email },
        mail: templates.render(`correction-${of}`, language, {
          ...basicsOf(organisation, name === undefined ? null : { name }, about),
          link: maySee ? linkTo(exitId, organisation) : null,
          ...{ isEmployee, openedAt, systems },
        }),
      }));
      return sendEach(exitId, 'send-correction', mails, deliveries, signal);
    },

    /** @param about.proposal waits for a second person, who is reminded instead of the HR partner */
    remindHrPartner(
      about: OpenDecision & { to: InTurn; number: number } & Partial<Pick<Asked, 'proposal' | 'effectiveOn'>>,
      signal: AbortSignal,
    ): Promise<Sent[]> {
      const { exitId, to, number, of, proposal } = about;
      const mailTo = (contact: Contact): Mail =>
        proposal
          ? secondPersonMail(contact, { ...about, proposal })
          : templates.render('decision-reminder', contact.language, {
              ...aboutDecision(contact, about),
              ...{ number, of },
            });
      return tell(exitId, `remind-hr-partner.${number}`, to, mailTo, signal);
    },

    /** Asks a second person to confirm what another one has proposed. */
    askSecondPerson(about: Asked & { to: InTurn }, signal: AbortSignal): Promise<Sent[]> {
      const { exitId, to, proposal } = about;
      const mailTo = (contact: Contact): Mail => secondPersonMail(contact, about);
      return tell(exitId, `second-person.${proposal.number}`, to, mailTo, signal);
    },

    /**
     * Tells those who may confirm them that openings wait.
     * @param about.askedBy a mail address, or the name of a program
     * @throws FinalFailure AddressRefused, Refused
     */
    async tellOfOpenings(
      about: { askedBy: string; askedAt: string },
      signal: AbortSignal,
    ): Promise<Answer[]> {
      const to = confirmersOf(people, about.askedBy, await leavingAmong(signal, named));
      return sendEach(openingsId(about), 'wait', openingsMails(to, about), noneBefore, signal);
    },

    /**
     * Reminds those who may confirm openings, or tells the escalation contact that they have not done so in time. A reminder that each
     * address refuses holds up no other one.
     */
    async remindOfOpenings(
      reminders: readonly OpeningReminder[],
      deliveries: Deliveries,
      signal: AbortSignal,
    ): Promise<Answer[]> {
      const leaving = await leavingAmong(signal, named);
      const answers: Answer[] = [];
      for (const reminder of reminders) {
        const { askedBy, kind, number } = reminder;
        const to = (kind === 'remind' ? confirmersOf : escalatedTo)(people, askedBy, leaving);
        const mails = openingsMails(to, reminder, reminder);
        const sent = sendEach(openingsId(reminder), `${kind}.${number}`, mails, deliveries, signal);
        answers.push(...(await sent.catch(asRefused)));
      }
      return answers;
    },

    /**
     * The weekly mail to each HR partner who is there; none where no exit is open.
     * @param id of the digest: the same one is the same mail
     * @throws FinalFailure AddressRefused, Refused
     */
    async sendDigest(
      { id, digest }: { id: string; digest: Digest },
      deliveries: Deliveries,
      signal: AbortSignal,
    ): Promise<Answer[]> {
      const { open, attention, overdue, exits } = digest;
      // Each form sends its own, and cannot say of the other one that no exit is open.
      if (open === 0) return [];
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
      const leaving = await leavingAmong(signal);
      const there = hrPartners.filter(({ email }) => leaving.get(email) !== true);
      const mails = (there.length > 0 ? there : hrPartners).map((to) => ({
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
        to: InTurn;
        /** Who was reminded before. */
        hrPartner: Contact;
        /** The number of the escalation, from 1. */
        number: number;
        /** The number of reminders sent; default: all. */
        reminders?: number | undefined;
        /** Waits for a second person. */
        proposal?: Proposal | undefined;
      },
      signal: AbortSignal,
    ): Promise<Sent[]> {
      const { exitId, to, hrPartner, number, of, reminders = of, proposal } = about;
      const proposedBy = proposal?.by ?? null;
      const mailTo = (contact: Contact): Mail =>
        templates.render('decision-escalation', contact.language, {
          ...aboutDecision(contact, about),
          ...{ hrPartner, number, reminders, proposedBy },
        });
      return tell(exitId, `escalate.${number}`, to, mailTo, signal);
    },

    notifyOperator(
      about: AboutExit & {
        to: InTurn;
        /** The number of the notice, from 1. */
        number: number;
        causes: {
          /** The step key, with its system if any: `block-access:payroll`. */
          step: string;
          error: string;
          /** EMS went on all the same: there is nothing to settle. */
          isNews?: boolean | undefined;
        }[];
      },
      signal: AbortSignal,
    ): Promise<Sent[]> {
      const { exitId, employeeId, to, number, causes } = about;
      const mailTo = (contact: Contact): Mail => {
        const resolve = (step: string, action: Parameters<typeof resolveCommand>[2]) =>
          resolveCommand(employeeId, step, action, contact.email);
        return templates.render('operator-attention', contact.language, {
          ...basicsOf(organisation, contact, about),
          link: linkTo(exitId, organisation),
          commands: { status: statusCommand(employeeId) },
          isNews: causes.every(({ isNews = false }) => isNews),
          isDrift: causes.some(({ step }) => step.startsWith('block-access')),
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
      };
      // A step may recover between two tries of one notice, and then the text is another.
      const what = `notify-operator.${number}.${fingerprint(JSON.stringify(causes))}`;
      return tell(exitId, what, to, mailTo, signal);
    },

    notifyOfOrphanedHold(about: OrphanedHold, signal: AbortSignal): Promise<Sent[]> {
      const { exitId, employeeId, systems, how, endedAt } = about;
      const mailTo = (contact: Contact): Mail =>
        templates.render('operator-orphaned-hold', contact.language, {
          ...basicsOf(organisation, contact, about),
          link: linkTo(exitId, organisation),
          ...{ systems, how: how.toLowerCase().replace('_', ' '), endedAt },
          commands: { resign: resignCommand(employeeId) },
        });
      return tell(exitId, 'orphaned-hold', [operator, ...hrPartners, escalateTo], mailTo, signal);
    },
  };
}

/** A substitute for the manager is a configured contact, for whom the employee's language is no hint. */
const languageOfManager = ({ manager, language }: Employee): string | undefined =>
  manager.language ?? (manager.insteadOfManager === undefined ? language : undefined);

const listOrNull = (systems: readonly string[]) => (systems.length > 0 ? systems : null);

function asRefused(error: unknown): Answer[] {
  if (error instanceof FinalFailure) return [{ refused: error.message }];
  throw error;
}

const openingsId = ({ askedAt }: { askedAt: string }): string => `openings-${askedAt.replaceAll(/\D/g, '')}`;

/** Of mails that a repetition may repeat: as a rule there is one, to the first one in turn. */
const noneBefore: Deliveries = {
  has: () => false,
  add: () => Promise.resolve(),
  settle: () => Promise.resolve(),
};
