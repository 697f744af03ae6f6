/**
 * The mails, and the template data of each. An absent value is null, not missing: rendering fails on an unknown name, and on the
 * output of null.
 */
import type { Ending, Outcome } from '../../exit/decision.js';
import type { OpeningReminder } from '../../exit/opening-reminders.js';

export const mailNames = [
  'manager-resignation',
  'manager-resignations',
  'hr-resignation',
  'manager-retained',
  'manager-leaving',
  'manager-cancelled',
  'employee-access-blocked',
  'correction-withdrawn',
  'correction-wrong-person',
  'decision-reminder',
  'decision-escalation',
  'second-person',
  'openings-wait',
  'weekly-digest',
  'operator-attention',
  'operator-orphaned-hold',
  'task-request',
  'access-request',
  'interview-invitation',
  'interview-rescheduled',
  'interview-handed-over',
  'interview-cancelled',
] as const;
export type MailName = (typeof mailNames)[number];

export interface MailData extends Record<MailName, ForLayout> {
  'manager-resignation': AboutSystems & {
    /** `YYYY-MM-DD` */
    lastWorkingDay: string | null;
  };
  /** Of several exits that opened together. */
  'manager-resignations': AboutSystems & {
    exits: {
      /** "Dana Fox (E-1002)" */
      nameAndId: string;
      /** `YYYY-MM-DD` */
      lastWorkingDay: string | null;
      /** The exit in the console; null where there is none. */
      link: string | null;
    }[];
  };
  /** To HR, when an exit was opened. */
  'hr-resignation': AboutSystems & {
    openedAt: string;
    reviewBy: string | null;
    /** `YYYY-MM-DD` */
    lastWorkingDay: string | null;
    /** As the one who opened the exit is on record. */
    submittedBy: string | null;
    commands: { status: string };
  };
  'manager-retained': Decided;
  'manager-leaving': Decided;
  'manager-cancelled': Settled;
  'employee-access-blocked': AboutSystems & { openedAt: string; reviewBy: string | null };
  'correction-withdrawn': Correction;
  'correction-wrong-person': Correction;
  'decision-reminder': OpenDecision & { number: number; of: number };
  'decision-escalation': OpenDecision & {
    /** The number of the escalation, from 1. */
    number: number;
    /** The number of reminders before it. */
    reminders: number;
    hrPartner: Person;
  };
  /** To a second person, who confirms what another one has proposed. */
  'second-person': AboutSystems & {
    proposedBy: string;
    proposedAt: string;
    outcome: Outcome | null;
    /** `YYYY-MM-DD`; null where a decision takes effect at once. */
    effectiveOn: string | null;
    /** The system whose protected groups the override is about. */
    override: string | null;
    note: string | null;
    commands: { confirm: string; reject: string | null; status: string };
  };
  /** To those who may confirm them, or whom it is escalated to: openings wait for a second person. */
  'openings-wait': ForLayout & {
    /** A mail address, or the name of a program. */
    askedBy: string;
    askedAt: string;
    /** The list in the console; null where there is none. */
    list: string | null;
    command: string;
    /** Null in the first mail. */
    reminder: OpeningReminder | null;
  };
  /** To HR: the open exits, the most urgent first. */
  'weekly-digest': ForLayout & {
    open: number;
    attention: number;
    overdue: number;
    /** How many exits are not in the list. */
    left: number;
    /** The list in the console; null where there is none. */
    list: string | null;
    exits: {
      /** "Dana Fox (E-1002)", or the id alone. */
      nameAndId: string;
      awaits: 'hr' | 'second' | 'date' | 'ems';
      needsAttention: boolean;
      isOverdue: boolean;
      reviewBy: string | null;
      /** `YYYY-MM-DD` */
      lastWorkingDay: string | null;
    }[];
  };
  'operator-attention': EveryMail & {
    commands: { status: string };
    /** Nothing needs attention: EMS went on all the same. */
    isNews: boolean;
    /** Of news: access came back. Otherwise all of it is about calendars. */
    isDrift: boolean;
    causes: {
      /** `block-access:payroll` */
      step: string;
      error: string;
      isNews: boolean;
      commands: { retry: string; doneByHand: string; skip: string };
    }[];
  };
  'operator-orphaned-hold': AboutSystems & {
    /** How the workflow ended, in Temporal's word: "terminated". */
    how: string;
    endedAt: string;
    commands: { resign: string };
  };
  'task-request': EveryRequest & {
    /** The configured text of the task. */
    ask: string;
  };
  /** To the owner of a manual system: to block, to look again where it is `blocked`, or to restore or revoke where there is an `ending`. */
  'access-request': EveryRequest & {
    system: string;
    openedAt: string;
    reviewBy: string | null;
    ending: Ending | null;
    /** What to take the account out of; null: suspend it. */
    groups: readonly string[] | null;
    /** How the block was confirmed; null where it was not. */
    blocked: { by: string; at: string; evidence: string | null } | null;
  };
  'interview-invitation': AboutInterview;
  'interview-rescheduled': AboutInterview;
  /** To the employee: another HR partner holds it. */
  'interview-handed-over': AboutInterview & { isMoved: boolean };
  'interview-cancelled': AboutInterview & {
    /** To the HR partner who does not hold it any more: who does. Null where it does not take place. */
    heldBy: string | null;
  };
}

/** A rendered mail. */
export interface Mail {
  subject: string;
  text: string;
  html: string;
}

interface Person {
  name: string;
  email: string;
}

/** For the layouts. Times are ISO 8601 in UTC. */
interface ForLayout {
  organisation: string;
  /** The person in the salutation; null in mails to several people. */
  to: {
    name: string;
    /** The reason for a substitute of the manager, in English. */
    insteadOfManager: string | null;
  } | null;
  /** The exit in the console; null where there is none, or where the recipient does not see it. */
  link: string | null;
  /** Only in mails to the employee, the manager and the person of a task. */
  whomToAsk: { hrPartner: Person; operator: Person } | null;
}

interface EveryMail extends ForLayout {
  employee: {
    /** "Dana Fox", or the id where the directory does not know them. */
    name: string;
    /** "Dana Fox (E-1002)", or the id alone. */
    nameAndId: string;
  };
}

interface EveryRequest extends EveryMail {
  dueAt: string | null;
  /** The number of earlier mails. */
  reminders: number;
  /** Who does it otherwise, and has an open exit. */
  insteadOf: string | null;
  /** Confirms the step. */
  command: string;
}

interface AboutSystems extends EveryMail {
  /** The critical systems. */
  systems: string[];
}

/** To each address that was told of the resignation. */
interface Correction extends AboutSystems {
  /** The recipient is the employee. */
  isEmployee: boolean;
  openedAt: string;
}

interface Settled extends AboutSystems {
  /** The systems where EMS observed the restore or the revoke, or null for none. */
  observed: readonly string[] | null;
  /** The systems where a person settled the restore or the revoke, or null for none. */
  unobserved: readonly string[] | null;
}

interface Decided extends Settled {
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
  /** The employee's, where its clock differs. */
  employeeTimeZone: string | null;
  hrPartner: Person;
  /** The time was proposed without a calendar. */
  isByWorkingHoursAlone: boolean;
}
