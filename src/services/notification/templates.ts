/** The mails to the manager. */
import type { Decision, Ending } from '../../exit/decision.js';
import type { Contact, Employee } from '../../exit/people.js';
import type { Resignation } from '../../exit/resignation.js';
import { bodyOf, oneLine } from '../protocols/mail-body.js';

interface Context {
  employee: Employee;
  systems: string[];
  organisation: { name: string };
  hrPartner: Contact;
  operator: Contact;
}

interface Mail {
  subject: string;
  text: string;
  html: string;
}

export function resignationMail(context: Context & { resignation: Resignation }): Mail {
  const { employee, systems, resignation } = context;
  const who = oneLine(employee.displayName);
  const lastDay =
    resignation.lastWorkingDay && ` The last working day is to be ${resignation.lastWorkingDay}.`;
  return mail(context, `${who} has resigned`, [
    `${who} (${employee.employeeId}) has resigned.${lastDay ?? ''}`,
    `Until the decision is final, access to ${listOf(systems)} is blocked. It is given back exactly as it was if ${who} stays.`,
    `An exit interview is being arranged. You do not need to do anything; please treat this in confidence.`,
  ]);
}

export function outcomeMail(context: Context & { outcome: Ending; decision?: Decision | undefined }): Mail {
  const { employee, systems, outcome, decision } = context;
  const who = oneLine(employee.displayName);
  const by = decision ? ` This was decided by ${decision.decidedBy}.` : '';
  const where = listOf(systems);
  const said: Record<Ending, [subject: string, ...paragraphs: string[]]> = {
    retained: [
      `${who} stays`,
      `${who} (${employee.employeeId}) stays with us.${by}`,
      `The access to ${where} that was blocked has been given back as it was.`,
    ],
    leaving: [
      `${who} is leaving`,
      `${who} (${employee.employeeId}) is leaving.${by}`,
      `The access to ${where} has been revoked.`,
    ],
    cancelled: [
      `The exit of ${who} was called off`,
      `The exit of ${who} (${employee.employeeId}) was called off before anything was decided.`,
      `The access to ${where} that was blocked has been given back as it was.`,
    ],
  };
  const [subject, ...paragraphs] = said[outcome];
  return mail(context, subject, paragraphs);
}

function mail(
  { employee: { manager }, organisation, hrPartner, operator }: Context,
  subject: string,
  body: string[],
): Mail {
  const paragraphs = [
    `Dear ${oneLine(manager.name)},`,
    ...(manager.insteadOfManager
      ? [`You receive this in place of the manager: ${oneLine(manager.insteadOfManager)}.`]
      : []),
    ...body,
    `Questions about people: ${hrPartner.name}, ${hrPartner.email}. Questions about access: ${operator.name}, ${operator.email}.`,
    organisation.name,
  ];
  return { subject, ...bodyOf(paragraphs) };
}

const listOf = (systems: string[]): string =>
  new Intl.ListFormat('en', { type: 'conjunction' }).format(systems);
