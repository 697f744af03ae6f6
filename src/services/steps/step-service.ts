/** The steps that EMS itself cannot do: a call to a service over HTTP, or a mail to the person who does it. */
import type { TaskRequest } from '../../exit/exit-tasks.js';
import { notConcerned, present, whomToAsk, type Leaving, type PlannedPeople } from '../../exit/contacts.js';
import { leftConfiguration } from '../../exit/failures.js';
import type { HoldKind } from '../../exit/hold-facts.js';
import { messageId } from '../../exit/ids.js';
import type { Contact, Employee, Sent } from '../../exit/people.js';
import { stepKey } from '../../exit/status.js';
import { basicsOf } from '../mails/mail-basics.js';
import { confirmCommand } from '../mails/commands.js';
import type { Mail } from '../mails/mails.js';
import type { MailTemplates } from '../mails/templates.js';
import type { Mailer } from '../protocols/smtp.js';
import { callReceiver, type Receiver } from './step-call.js';
import { stepEvent, type CallOfStep } from './step-event.js';

interface Task {
  to: Contact;
  ask: string;
  /** Milliseconds. */
  remindEvery: number;
}

/** A critical system that no program reaches. */
interface ManualSystem {
  name: string;
  hold: HoldKind;
  owner: Contact;
  /** Milliseconds. */
  remindEvery: number;
}

/** A mail that asks a person to do a step. */
interface Request {
  /** Who does it. */
  of: Contact;
  remindEvery: number;
  mailTo: (asked: Asked) => Mail;
}

interface Asked {
  to: Contact;
  /** Who does it otherwise, and is the employee, or has an open exit of their own. */
  insteadOf: string | null;
  whomToAsk: ReturnType<typeof whomToAsk>;
}

type AboutTask = Pick<CallOfStep, 'exitId' | 'employeeId' | 'openedAt' | 'systems'> &
  TaskRequest & {
    /** Undefined where the directory does not know them. */
    employee?: Pick<Employee, 'displayName'> | undefined;
    /** The number of the mail, from 1. */
    number: number;
  };

export interface StepServiceOptions {
  systems: readonly ManualSystem[];
  steps: readonly { name: string; call?: Receiver | undefined; task?: Task | undefined }[];
  mailer: Mailer;
  templates: MailTemplates;
  organisation: { name: string; domain: string };
  /** Who stands in, in turn: the operator, then the others. */
  people: PlannedPeople;
  /** Who of the people with these mail addresses have an open exit of their own. */
  whoIsLeaving: (addresses: readonly string[], signal: AbortSignal) => Promise<Leaving>;
  requestTimeoutMs: number;
}

export type StepService = ReturnType<typeof createStepService>;

export function createStepService(options: StepServiceOptions) {
  const { steps, systems, mailer, templates, organisation, people, whoIsLeaving, requestTimeoutMs } = options;

  /** By the present configuration: addresses and tokens may change under an open exit. @throws FinalFailure UnknownStep */
  function configured<K extends 'call' | 'task'>(name: string, kind: K) {
    const found = steps.find((step) => step.name === name)?.[kind];
    if (found) return found;
    throw leftConfiguration('step', name);
  }

  const everyRequest = (about: AboutTask, { to, ...asked }: Asked) => {
    const { employeeId, step, system, startedAt, withinMs, reminders } = about;
    return {
      ...basicsOf(organisation, { name: to.name }, about),
      ...asked,
      dueAt: startedAt === undefined ? null : new Date(Date.parse(startedAt) + withinMs).toISOString(),
      reminders,
      command: confirmCommand(employeeId, stepKey({ name: step, system }), to.email),
    };
  };

  function taskRequest(about: AboutTask): Request {
    const { to: of, ask, remindEvery } = configured(about.step, 'task');
    const mailTo = (asked: Asked): Mail =>
      templates.render('task-request', asked.to.language, { ...everyRequest(about, asked), ask });
    return { of, remindEvery, mailTo };
  }

  function accessRequest(about: AboutTask, system: string): Request {
    const found = systems.find(({ name }) => name === system);
    if (!found) throw leftConfiguration('system', system);
    const { owner, hold, remindEvery } = found;
    const { openedAt, reviewBy = null, ending = null, blocked } = about;
    const mailTo = (asked: Asked): Mail =>
      templates.render('access-request', asked.to.language, {
        ...everyRequest(about, asked),
        ...{ system, openedAt, reviewBy, ending },
        groups: hold.kind === 'groups' ? hold.groups : null,
        blocked: blocked ? { ...blocked, evidence: blocked.evidence ?? null } : null,
      });
    return { of: owner, remindEvery, mailTo };
  }

  /** Where it cannot be told whether a person has an open exit, the next one is asked as well. */
  async function whoIsAsked(of: Contact, about: AboutTask, signal: AbortSignal): Promise<Asked[]> {
    const { operator, hrPartners, review } = people;
    const turn = notConcerned([of, operator, ...hrPartners, review.escalateTo], about);
    const leaving = await whoIsLeaving(
      turn.map(({ email }) => email),
      signal,
    );
    const asked = present(turn, leaving);
    const insteadOf = asked[0].email === of.email ? null : of.name;
    return asked.map((to) => ({
      ...{ to, insteadOf },
      whomToAsk: whomToAsk(people, about, leaving),
    }));
  }

  return {
    /** @returns the notes @throws FinalFailure Refused, UnknownStep */
    async callStep(about: CallOfStep, signal: AbortSignal): Promise<string[]> {
      const receiver = configured(about.step, 'call');
      return callReceiver(about.step, receiver, stepEvent(about), requestTimeoutMs, signal);
    },

    /** @throws FinalFailure AddressRefused, Refused, UnknownStep, UnknownSystem */
    async askPerson(about: AboutTask, signal: AbortSignal): Promise<Sent & { remindEveryMs: number }> {
      const { exitId, step, system, number } = about;
      const { of, remindEvery, mailTo } =
        system === undefined ? taskRequest(about) : accessRequest(about, system);
      // Not as `stepKey` writes it: a Message-ID cannot have a colon (RFC 5322 §3.6.4).
      const what = [step, system ?? [], number].flat().join('.');
      const sent: Sent[] = [];
      for (const asked of await whoIsAsked(of, about, signal)) {
        const { to } = asked;
        const id = messageId(exitId, what, to.email, organisation.domain);
        await mailer.send({ to, messageId: id, ...mailTo(asked) }, signal);
        sent.push({ to: to.email, messageId: id });
      }
      return { ...sent[0]!, remindEveryMs: remindEvery };
    },
  };
}
