/**
 * What an exit knows: its phase, its people, its steps. exit-rules.ts says what it would accept, exit-status.ts derives the status from it,
 * exit.ts changes it.
 */
import type { Amended, Dates } from './amendment.js';
import { isConcerned } from './acting.js';
import { contactsInTurn, contactsOf, decidersOf, notConcerned } from './contacts.js';
import { effectiveDayOf, isCorrected, type Ending } from './decision.js';
import type { Drift } from './drift.js';
import type { RecordedEvent } from './events.js';
import { FailureType } from './failures.js';
import type { Cost } from './hold-facts.js';
import type { HandedOver } from './hand-over.js';
import { InterviewStanding } from './interview-standing.js';
import { isSameIdentity, reaches } from './mail-address.js';
import type { Person } from './matching.js';
import { Notices } from './notices.js';
import type { Contact, Employee, InTurn, Sent } from './people.js';
import type { Plan } from './plan.js';
import { Proposals, type Proposal } from './proposals.js';
import type { Resignation } from './resignation.js';
import { Signatures, type PublicKey, type Signed, type Trusted } from './signature.js';
import { Ladder, reviewBefore, reviewBy, type Review } from './review.js';
import {
  isSettled,
  isStuck,
  type Confirmation,
  type ExitStatus,
  type Phase,
  type RejectedDecision,
  type Step,
} from './status.js';
import { StepLedger } from './step-ledger.js';
import type { Beginning, StepRow } from './steps.js';
import { Told } from './told.js';

export interface Opening {
  exitId: string;
  form: ExitStatus['form'];
  resignation: Resignation;
  /** ISO 8601, UTC. */
  openedAt: string;
  /** The sequence number of the resignation in the record, and the id of its event. */
  seq: number;
  id: string;
  /** Whose signature the reader trusts, whatever the plan says. */
  trusted?: Trusted | undefined;
}

export abstract class ExitState {
  readonly exitId: string;
  readonly form: ExitStatus['form'];
  /** As amended. */
  resignation: Resignation;
  readonly openedAt: string;
  /** The time that the state describes: ISO 8601, UTC. */
  asOf: string;
  /** Undefined until the exit is planned: until then no step has begun. */
  plan: Plan | undefined;
  /** As the directory knows them; the choreographed form has the name and the identities only. */
  employee: Employee | undefined;
  employeeName: string | undefined;
  /** Every name and address that a directory or a system has for the employee. */
  readonly identities = new Set<string>();
  /** The decision that stands. */
  decision: RecordedEvent<'exit.decision-finalised'> | undefined;
  /** When the decision takes effect: ISO 8601, UTC; undefined while the start of its day is not known. */
  effectiveAt: string | undefined;
  /** The IANA time zone of that day; undefined where it is UTC, or where the decision takes effect at once. */
  effectiveZone: string | undefined;
  /** The sequence number of the decision, or of the amendment that gave it its day. */
  effectiveSeq = 0;
  /** When that event was stored: ISO 8601, UTC. */
  protected effectSetAt = '';
  /** The day that an amendment gave to the decision that stands, `YYYY-MM-DD`. */
  protected amendedDay: string | undefined;
  readonly amendments: Amended[] = [];
  readonly handOvers: HandedOver[] = [];
  /** What waits, or waited, for a second person. */
  readonly proposals = new Proposals();
  private readonly signatures = new Signatures();
  /** Who was told of the exit by mail. */
  readonly told = new Told();
  /** The mail that told the manager of the resignation. */
  protected toldManager: Sent | undefined;
  /** The ending that the exit carries out, or has carried out. */
  ending: Ending | undefined;
  /** The failures that go to the operator by mail. */
  readonly notices = new Notices();
  /** The steps as they stand, once the exit is planned. */
  readonly ledger = new StepLedger(this.notices);
  readonly interviewing = new InterviewStanding(this.ledger);
  /** Where the wait for the decision stands. */
  readonly ladder: Ladder;
  /** The sequence number of the resignation, or of the amendment that gave the ladder its times. */
  ladderSeq: number;
  /**
   * By task, as `stepKey` writes it: how many requests its person got, when the latest went out, in which start of the step, and the
   * number of the first one in that start.
   */
  readonly taskRequests = new Map<string, { number: number; at: string; start: number; first: number }>();
  /** By system: how a person last confirmed the block, and the sequence number of that. */
  protected readonly confirmed = new Map<string, Confirmation & { seq: number }>();
  /** By system: the sequence number of its latest `access.blocked`, and the ids of its drifts. The latest drift causes the next block. */
  readonly blocks = new Map<
    string,
    {
      seq: number;
      isWithoutAccount: boolean;
      drifts: string[];
      /** How many of the drifts an operator has dealt with. */
      acknowledged: number;
    }
  >();
  /** By system, what the hold on its accounts costs. */
  readonly costs = new Map<string, Cost>();
  /** What an account in one of the systems tells. */
  protected readonly keys: Omit<Person, 'employeeId'> = {};
  protected keysLearnedAt: string | undefined;
  /** The systems whose protected groups an operator has overridden. */
  protected readonly overridden = new Set<string>();
  /** By system: the accounts that an operator has named as the employee's. */
  protected readonly chosen = new Map<string, readonly string[]>();
  /** Those that were named since the system was last observed as blocked. */
  protected readonly vouched = new Map<string, readonly string[]>();
  /** The latest ones. */
  readonly drifts: Drift[] = [];
  /** The latest ones. */
  readonly rejectedDecisions: RejectedDecision[] = [];
  /** Addresses of those whom the mails to the first one in turn have passed over, since they had an open exit of their own by then. */
  private readonly passedOver = new Set<string>();
  cancelRequestedAt: string | undefined;
  closedAt: string | undefined;
  /** Grows with every change. */
  revision = 0;
  /** Neither the directory nor any critical system knows the employee. */
  protected isUnknown = false;
  /** Decisions that wait until the employee is identified, in their order. */
  protected pendingDecisions: RecordedEvent<'exit.decision-finalised' | 'exit.proposed'>[] = [];
  /** The start was over once: a retry does not take the exit back to it. */
  protected wasAwaiting = false;
  /** A mail to the operator is due, and waits for the directory. */
  isNoticeHeldBack = false;

  constructor(protected readonly opening: Opening) {
    ({
      exitId: this.exitId,
      form: this.form,
      resignation: this.resignation,
      openedAt: this.openedAt,
      openedAt: this.asOf,
    } = opening);
    this.ladder = new Ladder(opening.openedAt);
    this.ladderSeq = opening.seq;
  }

  /** The id of the event that opened the exit. */
  get resignationId(): string {
    return this.opening.id;
  }

  get employeeId(): string {
    return this.resignation.employeeId;
  }

  /** @returns the mail that has told the manager of this exit and of another one */
  mailAlsoOf(exitId: string): Sent | undefined {
    const { tells = [] } = this.resignation.together ?? {};
    return tells.some((each) => each.exitId === exitId) ? this.toldManager : undefined;
  }

  get trusted(): Trusted | undefined {
    return this.opening.trusted ?? (this.plan?.signed && { keys: this.plan.signed });
  }

  /** The keys of the API, where an act that arrives at a time counts with its signature alone. */
  keysAt(at: string): readonly PublicKey[] | undefined {
    const { keys, since = '' } = this.trusted ?? {};
    return at < since ? undefined : keys;
  }

  /** From now on the exit trusts these keys: the API has others by now. */
  trust(trusted: Trusted | undefined): void {
    this.opening.trusted = trusted;
  }

  /**
   * Takes the signature of an act, which counts once.
   * @param at when the act arrived: ISO 8601, UTC
   * @returns why the act does not count
   */
  spendSignature(jws: string | undefined, act: Pick<Signed, 'act' | 'of'>, at: string): string | undefined {
    const { exitId, employeeId } = this;
    const keys = this.keysAt(at);
    if (!keys) return undefined;
    return this.signatures.spend(jws, { ...act, exitId, employeeId }, keys, at);
  }

  /** Whether a person allows the hold on a system to take the last active member of a protected group. */
  overridesProtection(system: string): boolean {
    const { overrideBy } = this.resignation;
    const isEnough =
      overrideBy !== undefined &&
      !this.needsSecond('override') &&
      !this.keysAt(this.openedAt) &&
      !isConcerned(overrideBy, this);
    return isEnough || this.overridden.has(system);
  }

  /** Whether the plan asks a second person for it. */
  needsSecond(what: string): boolean {
    return this.plan?.secondPerson?.some((each) => each === what) ?? false;
  }

  /** Those with a role in the exit who can confirm a proposal, in the order in which a mail asks them. */
  secondPersonsFor({ by, decision }: Pick<Proposal, 'by' | 'decision'>): InTurn {
    const { hrPartner, operator, escalateTo } = this.contacts!;
    const partners = [hrPartner, ...this.plan!.hrPartners, escalateTo];
    const inOrder = decision ? (this.deciders ?? partners) : [operator, ...partners];
    const isOther = ({ email }: Contact) => !reaches(email, [by]) && !isConcerned(email, this);
    const others = inOrder.filter(isOther);
    const [first, ...more] = new Map(others.map((contact) => [contact.email, contact])).values();
    return first ? [first, ...more] : [[...partners, operator].find(isOther) ?? inOrder[0]!];
  }

  /** What a second person is asked to confirm. */
  askedOf(proposal: Proposal): { to: InTurn; proposal: Proposal; effectiveOn?: string | undefined } {
    const { decision } = proposal;
    const effectiveOn = decision && effectiveDayOf(decision, this.resignation);
    return { to: this.secondPersonsFor(proposal), proposal, effectiveOn };
  }

  /**
   * Who is reminded of the open decision. While a proposal waits, these are the ones who can confirm it, in turn.
   * @param number of the reminder, from 1
   */
  remindedOf(number: number): { to: InTurn } & Partial<ReturnType<ExitState['askedOf']>> {
    const { decision: proposal } = this.proposals;
    if (!proposal) return { to: this.decidersInTurn };
    const { to: able, ...asked } = this.askedOf(proposal);
    const at = (number - 1) % able.length;
    return { ...asked, to: [able[at]!, ...able.slice(at + 1), ...able.slice(0, at)] };
  }

  private get decidersInTurn(): InTurn {
    const { decider, deciders = [] } = this;
    const { hrPartner, escalateTo } = this.inTurn!;
    return notConcerned([decider!, ...deciders, ...hrPartner, ...escalateTo], this);
  }

  /** The ids of the accounts that an operator has named as the employee's; `all` for all that match. */
  chosenAccounts(system: string): readonly string[] {
    return this.chosen.get(system) ?? [];
  }

  /** Those that need no key that finds them: an account that was named before its block may have passed on since. */
  vouchedAccounts(system: string): readonly string[] {
    return this.vouched.get(system) ?? [];
  }

  /** The keys by which a system may know the employee. */
  get person(): Person {
    const { employeeId, login, email } = this.resignation;
    const isLearned = Object.keys(this.keys).length > 0;
    return { employeeId, login, email, ...(isLearned && { learned: { ...this.keys } }) };
  }

  get systems(): string[] {
    return this.plan?.systems.map(({ name }) => name) ?? [];
  }

  get steps(): Step[] {
    return this.ledger.all;
  }

  step(name: string, system?: string): Step | undefined {
    return this.ledger.find(name, system);
  }

  /** Whether a step has begun and is not settled. */
  isOpen(name: string, system?: string): boolean {
    const step = this.step(name, system);
    return step !== undefined && step.state !== 'pending' && !isSettled(step);
  }

  get phase(): Phase {
    if (this.isUnknown) return 'failed';
    if (this.closedAt) return this.ending === 'cancelled' ? 'cancelled' : 'closed';
    if (this.ending) return this.ending === 'leaving' ? 'revoking' : 'restoring';
    if (this.decision) return 'awaiting-effective-date';
    if (!this.wasAwaiting) return 'starting';
    return this.proposals.decision ? 'awaiting-confirmation' : 'awaiting-decision';
  }

  /** Whether a decision is still awaited. */
  get isAwaited(): boolean {
    return this.decision === undefined && this.ending === undefined && this.closedAt === undefined;
  }

  /** Whether access has to stay blocked: what comes back meanwhile is drift. */
  get isHeld(): boolean {
    return this.ending === undefined && this.closedAt === undefined;
  }

  /**
   * Whether the block of a system was observed, and stands as far as known. Where a person has confirmed the rest of it, that holds for
   * the accounts that EMS has blocked.
   */
  isBlocked(system: string): boolean {
    const step = this.step('block-access', system);
    if (!step || !this.blocks.has(system)) return false;
    const isRestless = this.ledger.isStuckOn(FailureType.Restless, step);
    return step.state === 'done' || this.isConfirmed(system) || isRestless;
  }

  /** Whether a person has confirmed the block of a system, and EMS has not observed it since. */
  isConfirmed(system: string): boolean {
    return this.step('block-access', system)?.state === 'done-by-hand';
  }

  get needsAttention(): boolean {
    return this.steps.some(isStuck);
  }

  /**
   * A server has identified the employee, or all have answered that they do not know them. Before that the exit cannot refuse the
   * decision of the employee on their own exit.
   */
  get isEmployeeKnown(): boolean {
    return (
      this.plan !== undefined &&
      (this.identities.size > 0 || this.ledger.starting.every(({ state }) => state !== 'running'))
    );
  }

  /** The directory may still say who the employee is. A critical system in an outage is not waited for. */
  protected get isDirectoryAwaited(): boolean {
    const isAsking = ({ name, state }: Step) => name !== 'block-access' && state === 'running';
    return this.identities.size === 0 && this.ledger.starting.some(isAsking);
  }

  /** Whether the decision event with this sequence number waits until the employee is identified. */
  isDecisionPending(seq: number): boolean {
    return this.pendingDecisions.some((decision) => decision.seq === seq);
  }

  /** The systems where a person settled the restore or the revoke, so that EMS has not observed it. */
  get unobserved(): string[] {
    const isEnd = ({ name }: Step) => name === 'restore-access' || name === 'revoke-access';
    return this.steps.flatMap((step) => (isEnd(step) && step.by !== undefined ? step.system! : []));
  }

  /** When the decision is overdue: ISO 8601, UTC. */
  get reviewBy(): string | undefined {
    return this.review && reviewBy(this.openedAt, this.review);
  }

  /** When HR is reminded, and when the decision is escalated. */
  get review(): Review | undefined {
    return this.plan && reviewBefore(this.plan.review, this.openedAt, this.resignation.lastWorkingDay);
  }

  /** The day at whose start the decision takes effect, `YYYY-MM-DD`; undefined where it does at once. */
  get effectiveDay(): string | undefined {
    return this.decision && (this.amendedDay ?? effectiveDayOf(this.decision.data, this.resignation));
  }

  /** The dates that can be amended. */
  get dates(): Dates {
    const effectiveOn =
      this.decision !== undefined && this.ending === undefined ? this.effectiveDay : undefined;
    return { lastWorkingDay: this.resignation.lastWorkingDay, effectiveOn };
  }

  /** The HR partner who has taken the exit over. */
  get successor(): Contact | undefined {
    return this.handOvers.at(-1)?.to;
  }

  /** The HR partner who holds the interview, and who decides. */
  get hrPartner(): Contact | undefined {
    return this.contacts?.hrPartner;
  }

  /** Who may decide, where the plan names them. */
  get deciders(): Contact[] | undefined {
    return this.decidersWithout([]);
  }

  /** @param leaving addresses of those who have an open exit of their own */
  protected decidersWithout(leaving: readonly string[]): Contact[] | undefined {
    const needed = this.needsSecond('leaving') ? 2 : 1;
    return this.plan?.deciders && decidersOf(this.plan, this.contacts!, this, needed, leaving);
  }

  /** Who is reminded to decide: the HR partner, unless the plan names others. */
  get decider(): Contact | undefined {
    const { deciders, hrPartner } = this;
    return deciders && !deciders.some(({ email }) => email === hrPartner?.email) ? deciders[0] : hrPartner;
  }

  /** Of these the first one who was there when the last mail went out. */
  presentIn(turn: InTurn): Contact {
    return turn.find(({ email }) => !this.passedOver.has(email)) ?? turn[0];
  }

  /** Who is to decide, as far as the mails tell. */
  get presentDecider(): Contact | undefined {
    return this.decider && this.presentIn(this.decidersInTurn);
  }

  /** @param reached the address that a mail to the first one in turn went to */
  protected passOver(turnOf: () => InTurn, reached: string | undefined): void {
    // In the stream an event may come before the plan.
    if (!this.plan || reached === undefined) return;
    const turn = turnOf();
    const at = turn.findIndex(({ email }) => email === reached);
    for (const { email } of turn.slice(0, Math.max(0, at))) this.passedOver.add(email);
    this.passedOver.delete(reached);
  }

  /** The people with a role in the exit; none of them is the employee where another one can stand in. */
  get contacts() {
    return this.plan && contactsOf(this.plan, this.partner, this);
  }

  /** The same, with those who stand in for them. */
  get inTurn() {
    return this.plan && contactsInTurn(this.plan, this.partner, this);
  }

  /** Who of HR hears that the exit was opened: the HR partner, unless they have opened it themselves. */
  get hrToTell(): InTurn | undefined {
    const { hrPartner } = this.inTurn!;
    const { submittedBy = '' } = this.resignation;
    return isSameIdentity(hrPartner[0].email, submittedBy) ? undefined : hrPartner;
  }

  /** When the mail to HR is given up: before the manager's step would need attention because of it. ISO 8601, UTC. */
  get giveUpHrAt(): string {
    return new Date(Date.parse(this.openedAt) + this.plan!.policy.attentionAfterMs / 2).toISOString();
  }

  /** The HR partner who has the exit, where that is not the first one of the plan. */
  private get partner(): Contact | undefined {
    return this.successor ?? this.interviewing.interview?.hrPartner;
  }

  /** What an ending begins, in this order, and which rows of it apply. */
  protected beginningsOf(ending: Ending, at: string): [Beginning, (row: StepRow) => boolean][] {
    const needsWithdrawal = this.interviewing.mayNeedWithdrawal(at);
    const isCorrecting = isCorrected(ending);
    // A correction says what the outcome would.
    const applies = ({ name }: StepRow): boolean =>
      name === 'cancel-hr-interview'
        ? needsWithdrawal
        : name !== 'notify-manager-of-outcome' || !isCorrecting;
    const beginnings = [
      ending === 'leaving' ? 'leaving' : 'retained',
      ...(isCorrecting ? (['corrected'] as const) : []),
      'decided',
      'access-settled',
    ] as const;
    return beginnings.map((beginning) => [beginning, applies]);
  }

  /** A mistyped id: the directory does not know the employee, and no system has an account. */
  protected get isUnknownEverywhere(): boolean {
    return (
      this.identities.size === 0 &&
      this.ledger.isStuckOn(FailureType.UnknownEmployee) &&
      this.systems.every((system) => this.blocks.get(system)?.isWithoutAccount)
    );
  }
}
