/** What an exit would accept now: a decision, an amendment, a hand-over, a resolution, another time for the interview. */
import {
  anOperator,
  isConcerned,
  notADecider,
  notAStranger,
  notTheEmployee,
  notTheProposer,
  notYetLooked,
  type Acting,
  type Looked,
  type LookUps,
} from './acting.js';
import { parseAmendment, type Amendment } from './amendment.js';
import { effectiveDayOf, isStaying, parseDecision, type Decision } from './decision.js';
import { ExitTasks } from './exit-tasks.js';
import type { Weighed } from './exits.js';
import { parseHandOver, type HandOver } from './hand-over.js';
import { earliestToday, type Parsed } from './input.js';
import { reaches } from './mail-address.js';
import {
  describeProposal,
  isSameDecision,
  parseRejection,
  type Proposal,
  type Rejection,
} from './proposals.js';
import { parseRescheduling, type Rescheduling } from './rescheduling.js';
import { parseResolution, type Resolution } from './resolution.js';
import { summaryOf } from './steps.js';

export abstract class ExitRules extends ExitTasks {
  /** @param act what the person with the address wants to do */
  lookUpsFor(address: string, act: Partial<Decision & Resolution & Rejection> = {}): LookUps {
    if (isConcerned(address, this)) return { deciders: [] };
    const decides = act.outcome !== undefined || this.proposals.openOf(act.number ?? 0)?.decision;
    const deciders = decides && this.notADecider('by', address, {}) ? (this.deciders ?? []) : [];
    return {
      // The directory has a contact as the plan does, perhaps not in each spelling that reaches them.
      actor: this.named.find((each) => reaches(address, [each])) ?? address,
      proposer: this.proposalFor(act)?.by,
      deciders: deciders.map(({ email }) => email),
    };
  }

  /** The open proposal that an act would confirm: a decision, or a resolution with an override. */
  proposalFor({ outcome, override, system }: Partial<Decision & Resolution>): Proposal | undefined {
    if (outcome !== undefined) return this.needsSecond(outcome) ? this.proposals.decision : undefined;
    return override && this.needsSecond('override') ? this.proposals.overrideOf(system) : undefined;
  }

  /** Whether an act that the exit accepts is no more than a proposal. */
  isProposal(act: Partial<Decision & Resolution>): boolean {
    const what = act.outcome ?? (act.override ? 'override' : undefined);
    return what !== undefined && this.needsSecond(what) && this.proposalFor(act) === undefined;
  }

  weigh(input: unknown, now: string, looked: Looked = {}): Parsed<Decision> {
    if (this.closedAt) return this.refuseAsEnded();
    const parsed = parseDecision(input, {
      employeeId: this.employeeId,
      problemWith: (...by) =>
        this.notADecider(...by, looked) ?? this.actingWith(looked, this.proposalFor(input ?? {}))(...by),
      standing: this.decision?.data,
      awaitingEffectiveDate: this.decision !== undefined && this.ending === undefined,
      cancelled: this.ending === 'cancelled',
      today: earliestToday(now),
    });
    const proposal = parsed.ok ? this.proposalFor(parsed.value) : undefined;
    if (!parsed.ok || !proposal || isSameDecision(proposal.decision!, parsed.value)) return parsed;
    const problem = `${proposal.by} proposed ${describeProposal(proposal)}: confirm exactly that, or reject it first`;
    return { ok: false, problem };
  }

  /** Whether the person may end an open proposal. */
  weighRejection(input: unknown, looked: Looked = {}): Parsed<Rejection> {
    if (this.closedAt) return this.refuseAsEnded();
    return parseRejection(input, ({ number, by }) => {
      const proposal = this.proposals.openOf(number);
      if (!proposal)
        return `no proposal ${number} waits for a second person in the exit of ${this.employeeId}`;
      if (reaches(by, [proposal.by])) return undefined;
      const acting = this.actingWith(looked, undefined, proposal.override !== undefined);
      return (proposal.decision && this.notADecider('by', by, looked)) ?? acting('by', by);
    });
  }

  /** The steps that a decision would begin now. */
  preview(input: unknown, now: string, looked: Looked = {}): Weighed {
    const decision = this.weigh(input, now, looked);
    if (!decision.ok) return { problem: decision.problem };
    const ahead = this.beginningsOf(decision.value.outcome, now).flatMap(([beginning, applies]) =>
      this.ledger.rowsFor(beginning, applies),
    );
    return {
      setsOff: ahead.map(({ row, system }) => {
        const step = { name: row.name, system };
        return { ...step, isTask: this.ledger.isTask(step), summary: summaryOf(row, system) };
      }),
      effectiveDay: effectiveDayOf(decision.value, this.resignation),
      lastWorkingDay: this.resignation.lastWorkingDay,
      needsSecond: this.isProposal(decision.value),
    };
  }

  weighAmendment(input: unknown, now: string, looked: Looked = {}): Parsed<Amendment> {
    if (this.closedAt) return this.refuseAsEnded();
    if (this.ending !== undefined)
      return {
        ok: false,
        problem: `the exit of ${this.employeeId} carries out "${this.ending}": its dates stand`,
      };
    const parsed = parseAmendment(input, {
      problemWith: this.actingWith(looked),
      standing: this.dates,
      today: earliestToday(now),
    });
    const problem = parsed.ok ? this.broughtForward(parsed.value) : undefined;
    return problem === undefined ? parsed : { ok: false, problem };
  }

  /** The day of a *leaving* that two people have decided is no earlier by the word of one. */
  private broughtForward(amendment: Amendment): string | undefined {
    const { effectiveOn } = this.dates;
    const day = this.dayAfterAmendment(amendment);
    if (effectiveOn === undefined || day === undefined || day >= effectiveOn || !this.needsSecond('leaving'))
      return undefined;
    return `two people decided that "leaving" takes effect on ${effectiveOn}, and one alone cannot bring it forward to ${day}: access stays blocked until then`;
  }

  /** The day at whose start *leaving* takes effect once the dates are amended; undefined where no decision waits for one. */
  dayAfterAmendment({ lastWorkingDay, effectiveOn }: Amendment): string | undefined {
    if (this.dates.effectiveOn === undefined) return undefined;
    const resignation = { lastWorkingDay: lastWorkingDay ?? this.resignation.lastWorkingDay };
    return effectiveOn ?? this.amendedDay ?? effectiveDayOf(this.decision!.data, resignation);
  }

  weighHandOver(input: unknown, looked: Looked = {}): Parsed<HandOver> {
    if (this.closedAt) return this.refuseAsEnded();
    const present = this.hrPartner;
    if (!present)
      return {
        ok: false,
        problem: `the exit of ${this.employeeId} is not planned yet: try again in a moment`,
      };
    const parsed = parseHandOver(input, this.actingWith(looked), present);
    const { email } = parsed.ok ? parsed.value.to : {};
    return email !== undefined && isConcerned(email, this)
      ? {
          ok: false,
          problem: `to: ${email} is the employee concerned: hand the exit over to another HR partner`,
        }
      : parsed;
  }

  /** Whether the steps as they stand allow a resolution. */
  weighResolution(input: unknown, looked: Looked = {}): Parsed<Resolution> {
    const parsed = parseResolution(input, this.steps, (step) => this.ledger.isTask(step));
    if (!parsed.ok) return parsed;
    const { by, override } = parsed.value;
    const proposal = this.proposalFor(parsed.value);
    const isShared = override && this.needsSecond('override');
    const acting = isShared
      ? this.actingWith(looked, proposal, true)
      : anOperator(this, looked.actor, override);
    const problem = acting('by', by);
    return problem === undefined ? parsed : { ok: false, problem };
  }

  /** Whether the interview could move now. */
  weighRescheduling(input: unknown, now: string): Parsed<Rescheduling> {
    const parsed = parseRescheduling(input, now);
    const problem = parsed.ok ? this.reschedulingProblem : undefined;
    return problem === undefined ? parsed : { ok: false, problem };
  }

  private get reschedulingProblem(): string | undefined {
    return this.closedAt !== undefined || isStaying(this.ending ?? this.decision?.data.outcome)
      ? 'there is no interview any more'
      : this.interviewing.problem;
  }

  /** @param proposal that the person would confirm */
  private actingWith(looked: Looked, proposal?: Proposal, isOverride = false): Acting {
    const standIns = this.decidersWithout(looked.leaving ?? []) ?? [];
    const operator = isOverride && this.plan ? [this.plan.operator.email] : [];
    const actors = {
      ...{ employeeId: this.employeeId, identities: this.identities },
      ...{ named: [...this.named, ...standIns.map(({ email }) => email), ...operator], whose: looked.actor },
    };
    return (field, address) =>
      notTheEmployee(this)(field, address) ??
      (proposal && notTheProposer(field, address, proposal.by, looked)) ??
      notAStranger(actors)(field, address);
  }

  private notADecider(field: string, address: string, looked: Looked): string | undefined {
    const deciders = looked === notYetLooked ? undefined : this.decidersWithout(looked.leaving ?? []);
    return deciders && !isConcerned(address, this) ? notADecider(deciders)(field, address) : undefined;
  }

  /** The addresses that the exit knows: they are no strangers. */
  private get named(): string[] {
    const { hrPartners = [], review } = this.plan ?? {};
    const contacts = [this.hrPartner, ...hrPartners, review?.escalateTo];
    return contacts.flatMap((contact) => contact?.email ?? []);
  }

  private refuseAsEnded(): { ok: false; problem: string } {
    return { ok: false, problem: `the exit of ${this.employeeId} ended at ${this.closedAt}` };
  }
}
