/**
 * The mails there are, and what the templates of each are told. A value that may be absent is null and not missing: a template that
 * names what is not here is broken, and one that prints null is, too.
 */

export const mailNames = [
  'manager-resignation',
  'manager-retained',
  'manager-leaving',
  'manager-cancelled',
  'employee-access-blocked',
  'decision-reminder',
  'decision-escalation',
  'operator-attention',
  'operator-orphaned-hold',
  'task-request',
  'interview-invitation',
  'interview-rescheduled',
  'interview-cancelled',
] as const;
export type MailName = (typeof mailNames)[number];

export interface MailData extends Record<MailName, EveryMail> {
  'manager-resignation': AboutSystems & {
    /** `YYYY-MM-DD` */
    lastWorkingDay: string | null;
  };
  'manager-retained': Decided;
  'manager-leaving': Decided;
  'manager-cancelled': AboutSystems;
  'employee-access-blocked': AboutSystems & { openedAt: string; reviewBy: string | null };
  'decision-reminder': OpenDecision & { number: number; of: number };
  'decision-escalation': OpenDecision & {
    /** Which escalation this is, from 1. */
    number: number;
    /** How often HR was reminded before. */
    reminders: number;
    hrPartner: Person;
  };
  'operator-attention': EveryMail & {
    commands: { status: string };
    causes: {
      /** `block-access:payroll` */
      step: string;
      error: string;
      commands: { retry: string; doneByHand: string; skip: string };
    }[];
  };
  'operator-orphaned-hold': AboutSystems & {
    /** As Temporal calls it: "terminated". */
    how: string;
    endedAt: string;
    commands: { resign: string };
  };
  'task-request': EveryMail & {
    /** What is to be done, as the configuration says it. */
    ask: string;
    /** By when; null where it is not known. */
    dueAt: string | null;
    /** How often the person was asked before. */
    reminders: number;
    command: string;
  };
  'interview-invitation': AboutInterview;
  'interview-rescheduled': AboutInterview;
  'interview-cancelled': AboutInterview;
}

/** A mail as it goes out. */
export interface Mail {
  subject: string;
  text: string;
  html: string;
}

interface Person {
  name: string;
  email: string;
}

/** What the layouts need, too. Times are ISO 8601 in UTC. */
interface EveryMail {
  organisation: string;
  /** Who is greeted; null in what goes to several people. */
  to: {
    name: string;
    /** Why they are written to in the manager's place, in English. */
    insteadOfManager: string | null;
  } | null;
  employee: {
    /** "Dana Fox", or the id where the directory does not know them. */
    name: string;
    /** "Dana Fox (E-1002)", or the id alone. */
    nameAndId: string;
  };
  /** Named in the mails to the employee, the manager and the person of a task. */
  whomToAsk: { hrPartner: Person; operator: Person } | null;
}

interface AboutSystems extends EveryMail {
  /** The critical ones. */
  systems: string[];
}

interface Decided extends AboutSystems {
  decidedBy: string | null;
}

interface OpenDecision extends AboutSystems {
  openedAt: string;
  reviewBy: string;
  commands: { retained: string; leaving: string; status: string };
}

interface AboutInterview extends EveryMail {
  start: string;
  end: string;
  timeZone: string;
  hrPartner: Person;
  /** The time was proposed without a look at anybody's calendar. */
  isByWorkingHoursAlone: boolean;
}
