/** Custom steps: a call to a service over HTTP, or a mail to the person of a task. */
import { leftConfiguration } from '../../exit/failures.js';
import { messageId } from '../../exit/ids.js';
import type { Contact, Employee, Sent } from '../../exit/people.js';
import { basicsOf } from '../mails/mail-basics.js';
import { confirmCommand } from '../mails/commands.js';
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

export interface StepServiceOptions {
  steps: readonly { name: string; call?: Receiver | undefined; task?: Task | undefined }[];
  mailer: Mailer;
  templates: MailTemplates;
  organisation: { name: string; domain: string };
  hrPartner: Contact;
  operator: Contact;
  requestTimeoutMs: number;
}

export type StepService = ReturnType<typeof createStepService>;

export function createStepService(options: StepServiceOptions) {
  const { steps, mailer, templates, organisation, hrPartner, operator, requestTimeoutMs } = options;

  /** By the present configuration: addresses and tokens may change under an open exit. @throws FinalFailure UnknownStep */
  function configured<K extends 'call' | 'task'>(name: string, kind: K) {
    const found = steps.find((step) => step.name === name)?.[kind];
    if (found) return found;
    throw leftConfiguration('step', name);
  }

  return {
    /** @returns the notes @throws FinalFailure Refused, UnknownStep */
    async callStep(about: CallOfStep, signal: AbortSignal): Promise<string[]> {
      const receiver = configured(about.step, 'call');
      return callReceiver(about.step, receiver, stepEvent(about), requestTimeoutMs, signal);
    },

    /** @throws FinalFailure AddressRefused, Refused, UnknownStep */
    async askPerson(
      about: Pick<CallOfStep, 'exitId' | 'employeeId' | 'openedAt' | 'systems' | 'step' | 'startedAt'> & {
        /** Undefined where the directory does not know them. */
        employee?: Pick<Employee, 'displayName'> | undefined;
        /** The deadline in the exit's plan, milliseconds after the start. */
        withinMs?: number | undefined;
        /** The number of the mail, from 1; from 2 on it is a reminder. */
        number: number;
      },
      signal: AbortSignal,
    ): Promise<Sent & { remindEveryMs: number }> {
      const { exitId, employeeId, step, startedAt, withinMs, number } = about;
      const { to, ask, remindEvery } = configured(step, 'task');
      const isTimed = startedAt !== undefined && withinMs !== undefined;
      const mail = templates.render('task-request', to.language, {
        ...basicsOf(organisation, { name: to.name }, about),
        whomToAsk: { hrPartner, operator },
        ask,
        dueAt: isTimed ? new Date(Date.parse(startedAt) + withinMs).toISOString() : null,
        reminders: number - 1,
        command: confirmCommand(employeeId, step, to.email),
      });
      const id = messageId(exitId, `${step}.${number}`, to.email, organisation.domain);
      await mailer.send({ to, messageId: id, ...mail }, signal);
      return { to: to.email, messageId: id, remindEveryMs: remindEvery };
    },
  };
}
