/**
 * The evidence of an exit for an auditor, the same in both forms: the decisions, the access that was taken, verified and given back or
 * revoked, and the mails. Times are ISO 8601 in UTC. Durations are differences of one clock: Temporal's or the broker's.
 */
import type { Amended } from '../amendment.js';
import type { Asker } from '../asker.js';
import type { Decision, Ending } from '../decision.js';
import type { Exits } from '../exits.js';
import type { HandOver } from '../hand-over.js';
import type { FactOf, When } from './facts.js';
import type { AccountRef, GroupRef, HoldKind, Taken } from '../hold-facts.js';
import type { Manager } from '../people.js';
import type { Proposal } from '../proposals.js';
import type { Resignation } from '../resignation.js';
import type { Resolution } from '../resolution.js';
import type { Confirmation, ExitStatus, Phase } from '../status.js';

/** The port of a form, with the report. */
export interface ExitsOfForm extends Exits {
  /**
   * Reads the evidence from the record of an exit alone.
   * @param version of the reading program, for the record
   */
  report: (employeeId: string, version: string, exitId?: string) => Promise<Evidence>;
}

export interface Evidence extends Partial<Omit<Resignation, 'employeeId'>> {
  /** One sentence: how the exit stands, and what was observed. */
  verdict: string;
  times: Times;
  employee: EmployeeRecord;
  exitId: string;
  form: ExitStatus['form'];
  state: 'open' | 'closed' | 'cancelled' | 'failed' | 'terminated' | 'timed-out';
  phase?: Phase | undefined;
  /** How it ends, as far as decided. */
  outcome?: Ending | undefined;
  openedAt: string;
  /** The identity of the client that started it. */
  openedBy?: string | undefined;
  closedAt?: string | undefined;
  /** Why it ended without completing. */
  endedBecause?: string | undefined;
  decisions: DecisionRecord[];
  amendments: (When & Omit<Amended, 'at'>)[];
  handOvers: (When & HandOver)[];
  /** What waited for a second person, as the exit itself says. */
  proposals: Proposal[];
  systems: SystemRecord[];
  mails: Omit<FactOf<'mail-accepted'>, 'kind'>[];
  interview: InterviewRecord[];
  resolutions: ResolutionRecord[];
  attention: AttentionRecord[];
  cancelRequests: Omit<FactOf<'cancel-requested'>, 'kind' | 'earlierRun'>[];
  resets: Omit<FactOf<'reset'>, 'kind' | 'earlierRun'>[];
  timeline: Moment[];
  /** One sentence for each gap in the record; empty where it is complete. */
  missing: string[];
  source: Source;
}

interface EmployeeRecord {
  employeeId: string;
  name?: string | undefined;
  manager?: Manager | undefined;
}

interface Times {
  resignationToBlock: Span;
  /** From the decision, or the cancellation, to the verified restore or revoke. */
  decisionToEnd?: Span | undefined;
  /** From the instant at which *leaving* takes effect to the verified revoke. */
  effectiveToEnd?: Span | undefined;
}

export interface Span {
  from: string;
  /** The slowest system; absent until each one was observed. */
  allMs?: number | undefined;
  systems: { system: string; how: How; ms?: number | undefined }[];
}

/** How a system came to be blocked, restored or revoked. EMS has verified `observed` only. */
export type How =
  | 'observed'
  /** There was no account, or nothing to give back. */
  | 'nothing-to-do'
  /** A person has confirmed it. */
  | 'confirmed'
  /** A system answered, and its answer did not tell. */
  | 'cannot-tell'
  | 'skipped'
  /** The decision came before the block was complete. */
  | 'given-up'
  | 'pending';

export interface DecisionRecord extends When, Partial<Decision> {
  via: 'signal' | 'update' | 'event';
  /** The name of the signal, the update or the event. */
  name: string;
  /** The identity of the client that sent it, which need not be the person who decided. */
  identity?: string | undefined;
  /** `proposed`: it counted once a second person confirmed it. */
  result: 'accepted' | 'proposed' | 'superseded' | 'refused' | 'unknown';
  /** Why it was refused. */
  reason?: string | undefined;
  /** The received JSON where it was not accepted, shortened. */
  received?: string | undefined;
}

export interface SystemRecord {
  system: string;
  hold?: HoldKind | undefined;
  /** No program reaches it: its owner does what the hold says, and confirms it. */
  isManual: boolean;
  /** The employee's accounts that the hold is on. */
  accounts: AccountRef[];
  /** The capture before the first write. */
  before?: { at: string; active?: boolean | undefined; groups: GroupRef[] } | undefined;
  block: {
    how: How;
    at?: string | undefined;
    taken?: Taken | undefined;
    confirmed?: Confirmation | undefined;
  };
  /** Each observation of the block. */
  blocks: { at: string; taken: Taken; notes: string[] }[];
  drifts: { seenAt: string; what: string; blockedAgainAt?: string | undefined }[];
  end?: EndRecord | undefined;
  /** The errors of `restore-access` that list what it could not give back. */
  notGivenBack: string[];
  notes: string[];
}

export interface EndRecord {
  what: 'restored' | 'revoked';
  how: How;
  at?: string | undefined;
  confirmed?: Confirmation | undefined;
  givenBack?: Taken | undefined;
  removedGroups?: GroupRef[] | undefined;
  /** The last observation; without `groups` where the system did not show them. */
  after?: { active?: boolean | undefined; groups?: GroupRef[] | undefined } | undefined;
  /** Every revoked account of the employee. */
  accounts?: AccountRef[] | undefined;
}

export interface InterviewRecord extends When {
  what: 'invited' | 'rescheduled' | 'withdrawn';
  /** Mail address of the person who requested this time. */
  askedBy?: string | undefined;
  asker?: Asker | undefined;
  uid?: string | undefined;
  sequence?: number | undefined;
  start?: string | undefined;
  end?: string | undefined;
  attendees: string[];
  /** Whether a calendar has an entry; otherwise working hours alone gave the time. */
  inCalendar: boolean;
}

interface ResolutionRecord extends When, Pick<Resolution, 'action' | 'by' | 'asker' | 'evidence'> {
  /** As `stepKey` writes it. */
  step: string;
  identity?: string | undefined;
  /** The state of the step after it, or why it was refused. */
  result: string;
}

export interface AttentionRecord {
  at: string;
  /** Absent where the record does not name the step. */
  step?: string | undefined;
  why: string;
  /** When the step was settled. */
  until?: string | undefined;
}

/** A line of the timeline. */
export interface Moment extends When {
  what: string;
}

/** Where and when the evidence was read. */
export interface Source {
  /** The workflow ID; choreographed: the subject. */
  record: string;
  runId?: string | undefined;
  /** Run IDs of the same exit from before a reset, read as well. */
  earlierRuns: string[];
  /** How many events were read. */
  events: number;
  readAt: string;
  /** The version of the reading program. */
  version: string;
}
