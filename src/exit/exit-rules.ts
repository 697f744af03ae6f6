/** What an exit would accept now: a decision, an amendment, a hand-over, a resolution, another time for the interview. */
import { isConcerned, notAStranger, notTheEmployee, type Whose } from './acting.js';
import { parseAmendment, type Amendment } from './amendment.js';
import { effectiveDayOf, isStaying, parseDecision, type Decision } from './decision.js';
import { ExitTasks } from './exit-tasks.js';
import type { Weighed } from './exits.js';
import { parseHandOver, type HandOver } from './hand-over.js';
import { earliestToday, type Parsed } from './input.js';
import { reaches } from './mail-address.js';
import { parseRescheduling, type Rescheduling } from './rescheduling.js';
import { parseResolution, type Resolution } from './resolution.js';
import { summaryOf } from './steps.js';

export abstract class ExitRules extends ExitTasks {
  /** Whether the directory has to tell whose the address is, before the exit can accept what the person does. */
  needsLookUp(address: string): boolean {
    return !reaches(address, this.named) && !isConcerned(address, this);
  }

  /** @param whose of whom the decider's address is, where it was looked up */
  weigh(input: unknown, now: string, whose?: Whose): Parsed<Decision> {
    if (this.closedAt) return this.refuseAsEnded();
    return parseDecision(input, {
      employeeId: this.employeeId,
      problemWith: this.actingWith(whose),
      standing: this.decision?.data,
      awaitingEffectiveDate: this.decision !== undefined && this.ending === undefined,
      cancelled: this.ending === 'cancelled',
      today: earliestToday(now),
    });
  }

  /** The steps that a decision would begin now. */
  preview(input: unknown, now: string, whose?: Whose): Weighed {
    const decision = this.weigh(input, now, whose);
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
    };
  }

  weighAmendment(input: unknown, now: string, whose?: Whose): Parsed<Amendment> {
    if (this.closedAt) return this.refuseAsEnded();
    if (this.ending !== undefined)
      return {
        ok: false,
        problem: `the exit of ${this.employeeId} carries out "${this.ending}": its dates stand`,
      };
    return parseAmendment(input, {
      problemWith: this.actingWith(whose),
      standing: this.dates,
      today: earliestToday(now),
    });
  }

  /** The day at whose start *leaving* takes effect once the dates are amended; undefined where no decision waits for one. */
  dayAfterAmendment({ lastWorkingDay, effectiveOn }: Amendment): string | undefined {
    if (this.dates.effectiveOn === undefined) return undefined;
    const resignation = { lastWorkingDay: lastWorkingDay ?? this.resignation.lastWorkingDay };
    return effectiveOn ?? this.amendedDay ?? effectiveDayOf(this.decision!.data, resignation);
  }

  weighHandOver(input: unknown, whose?: Whose): Parsed<HandOver> {
    if (this.closedAt) return this.refuseAsEnded();
    const present = this.hrPartner;
    if (!present)
      return {
        ok: false,
        problem: `the exit of ${this.employeeId} is not planned yet: try again in a moment`,
      };
    const parsed = parseHandOver(input, this.actingWith(whose), present);
    const { email } = parsed.ok ? parsed.value.to : {};
    return email !== undefined && isConcerned(email, this)
      ? {
          ok: false,
          problem: `to: ${email} is the employee concerned: hand the exit over to another HR partner`,
        }
      : parsed;
  }

  /** Whether the steps as they stand allow a resolution. */
  weighResolution(input: unknown): Parsed<Resolution> {
    const parsed = parseResolution(input, this.steps, (step) => this.ledger.isTask(step));
    const problem = parsed.ok ? notTheEmployee(this)('by', parsed.value.by) : undefined;
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

  private actingWith(whose: Whose | undefined) {
    return notAStranger({
      employeeId: this.employeeId,
      identities: this.identities,
      named: this.named,
      whose,
    });
  }

  /** The addresses that the exit knows: they need no look-up. */
  private get named(): string[] {
    const { hrPartners = [], review } = this.plan ?? {};
    const contacts = [this.hrPartner, ...hrPartners, review?.escalateTo];
    return contacts.flatMap((contact) => contact?.email ?? []);
  }

  private refuseAsEnded(): { ok: false; problem: string } {
    return { ok: false, problem: `the exit of ${this.employeeId} ended at ${this.closedAt}` };
  }
}
