/**
 * What an auditor is shown of an exit: who decided what and when, what was taken, verified, and given back or revoked, and who was told. The
 * same in both forms. Times are ISO 8601 in UTC; durations are differences of one clock, the engine's.
 */
import type { Decision, Ending } from '../decision.js';
import type { Exits } from '../exits.js';
import type { FactOf, When } from './facts.js';
import type { AccountRef, GroupRef, HoldKind, Taken } from '../hold-facts.js';
import type { Manager } from '../people.js';
import type { Resignation } from '../resignation.js';
import type { Resolution } from '../resolution.js';
import type { ExitStatus, Phase } from '../status.js';

/** What a form can be asked. */
export interface ExitsOfForm extends Exits {
  /**
   * What the record of an exit tells, and nothing else.
   * @param version of the program that reads, for the record
   */
  report: (employeeId: string, version: string, exitId?: string) => Promise<Evidence>;
}

export interface Evidence extends Partial<Omit<Resignation, 'employeeId'>> {
  /** One sentence: how it stands, and what of it was observed. */
  verdict: string;
  times: Times;
  employee: Who;
  exitId: string;
  form: ExitStatus['form'];
  state: 'open' | 'closed' | 'cancelled' | 'failed' | 'terminated' | 'timed-out';
  phase?: Phase | undefined;
  /** How it ends: as decided so far, or called off. */
  outcome?: Ending | undefined;
  openedAt: string;
  /** Who started it, as the engine knows the client. */
  openedBy?: string | undefined;
  closedAt?: string | undefined;
  /** Why it ended otherwise than by its own last step. */
  endedBecause?: string | undefined;
  decisions: DecisionRecord[];
  systems: SystemRecord[];
  mails: Omit<FactOf<'mail-accepted'>, 'kind'>[];
  interview: InterviewRecord[];
  mended: ResolutionRecord[];
  attention: AttentionRecord[];
  cancelRequests: Omit<FactOf<'cancel-requested'>, 'kind' | 'earlierRun'>[];
  resets: Omit<FactOf<'reset'>, 'kind' | 'earlierRun'>[];
  timeline: Moment[];
  /** What this cannot tell, and why; empty where the record is whole. */
  missing: string[];
  source: Source;
}

interface Who {
  employeeId: string;
  name?: string | undefined;
  manager?: Manager | undefined;
}

interface Times {
  resignationToBlock: Span;
  /** From the decision, or the cancellation, to the verified restore or revoke. */
  decisionToEnd?: Span | undefined;
  /** From the moment on which leaving takes effect. */
  effectiveToEnd?: Span | undefined;
}

export interface Span {
  from: string;
  /** The slowest system's; absent as long as one of them was not observed. */
  allMs?: number | undefined;
  systems: { system: string; how: How; ms?: number | undefined }[];
}

/** How a system came to be blocked, restored or revoked. Only `observed` has been seen by us. */
export type How =
  | 'observed'
  /** There was no account, or nothing to give back. */
  | 'nothing-to-do'
  | 'by-hand'
  | 'skipped'
  /** The decision came before the block was complete. */
  | 'given-up'
  | 'pending';

export interface DecisionRecord extends When, Partial<Decision> {
  via: 'signal' | 'update' | 'event';
  /** The name of the signal, the update or the event. */
  name: string;
  /** Who sent it, as the engine knows the client. Not who decided. */
  identity?: string | undefined;
  result: 'accepted' | 'superseded' | 'refused' | 'unknown';
  /** Why it was refused. */
  reason?: string | undefined;
  /** As it came, where it was not accepted; shortened. */
  received?: string | undefined;
}

export interface SystemRecord {
  system: string;
  hold?: HoldKind | undefined;
  account?: AccountRef | undefined;
  /** As captured before the first write. */
  before?: { at: string; active: boolean; groups: GroupRef[] } | undefined;
  block: { how: How; at?: string | undefined; taken?: Taken | undefined };
  /** Each time that it was observed blocked. */
  blocks: { at: string; taken: Taken; notes: string[] }[];
  drifts: { seenAt: string; what: string; blockedAgainAt?: string | undefined }[];
  end?: EndRecord | undefined;
  /** What could not be given back, in the words of the step that tried. */
  notGivenBack: string[];
  notes: string[];
}

export interface EndRecord {
  what: 'restored' | 'revoked';
  how: How;
  at?: string | undefined;
  givenBack?: Taken | undefined;
  removedGroups?: GroupRef[] | undefined;
  /** What was observed of it at the end. */
  after?: { active?: boolean | undefined; groups: GroupRef[] } | undefined;
  /** Every account of the employee that was revoked. */
  accounts?: AccountRef[] | undefined;
}

export interface InterviewRecord extends When {
  what: 'invited' | 'rescheduled' | 'withdrawn';
  /** Who asked for this time, where somebody did and said so. */
  askedBy?: string | undefined;
  uid?: string | undefined;
  sequence?: number | undefined;
  start?: string | undefined;
  end?: string | undefined;
  attendees: string[];
  /** Whether it is an entry in a calendar, or was proposed by working hours alone. */
  inCalendar: boolean;
}

interface ResolutionRecord extends When, Pick<Resolution, 'action' | 'by' | 'evidence'> {
  /** As `stepKey` writes it. */
  step: string;
  identity?: string | undefined;
  /** The step's state afterwards, or why it was refused. */
  result: string;
}

export interface AttentionRecord {
  at: string;
  /** Absent where the record does not name it. */
  step?: string | undefined;
  why: string;
  /** When the step was done, or was mended. */
  until?: string | undefined;
}

/** A line of the timeline. */
export interface Moment extends When {
  what: string;
}

/** Where it was read. */
export interface Source {
  /** The workflow ID; choreographed: the subject. */
  record: string;
  runId?: string | undefined;
  /** Runs before it, of the same exit, that were read as well. */
  earlierRuns: string[];
  /** How many events were read. */
  events: number;
  readAt: string;
  /** Of the program that read them. */
  version: string;
}
