/** The application API: the use cases of exits, over both forms. */
import { isManual, type Config } from '../config/config.js';
import { planFrom } from '../config/planning.js';
import { anOperator, lookUp, type Whose } from '../exit/acting.js';
import type { ActedBy } from '../exit/asker.js';
import { AmendmentFields, type Amended, type Amendment } from '../exit/amendment.js';
import { parseDecision, type Decision } from '../exit/decision.js';
import type { Evidence, ExitsOfForm } from '../exit/evidence/evidence.js';
import {
  inOrder,
  isCutShort,
  type Decided,
  type FoundExit,
  type ListedExit,
  type ListFilter,
} from '../exit/exits.js';
import { HandOverFields, type HandedOver, type HandOver } from '../exit/hand-over.js';
import { EmployeeId } from '../exit/ids.js';
import { parse, type Parsed } from '../exit/input.js';
import type { Interview } from '../exit/interview.js';
import { isSameIdentity, MailAddress } from '../exit/mail-address.js';
import type { PeopleNamed } from '../exit/people.js';
import { unknownEmployee } from '../exit/failures.js';
import { SearchText } from '../exit/spelling.js';
import { RejectionFields, type Proposal } from '../exit/proposals.js';
import { dayNotTold, noExit, notAllowed, Refusal } from '../exit/refusal.js';
import { parseRescheduling, type Rescheduling } from '../exit/rescheduling.js';
import { parseResignation, type Resignation } from '../exit/resignation.js';
import { parseResolution, ResolutionFields, type Resolution } from '../exit/resolution.js';
import { keyOfStep, stepKey, type ExitStatus, type Step } from '../exit/status.js';
import type { StepAhead, StepRow } from '../exit/steps.js';
import {
  exitNamed,
  findExit,
  formsAsked,
  openExitsIn,
  type Configured,
  type Form,
  type FoundInForm,
  type Which,
} from './forms.js';
import { admissionOf } from './admission.js';
import { keeperOf } from './keep-opening.js';
import { lastOfProtected } from './last-of-protected.js';
import {
  endOpenings,
  waitingIn,
  withdrawOpening,
  type EndedOpening,
  type Opens,
  type WaitingInForm,
} from './openings.js';
import { isBlockOver, paceOf } from './opening-pace.js';
import type { Preview } from './preview.js';
import type { OpenedIn, Turn, Turns } from './together.js';

/** How long `open` waits for the systems before it starts the exit, which captures each system itself. */
const LOOK_WITHIN_MS = 2_000;

/** How many exits are handed over at once. */
const AT_A_TIME = 10;

interface OpenOptions {
  /** Waits for the systems as long as `preview` does. */
  isPatient?: boolean;
  /** Of the table that the opening is in. */
  rows?: number;
  turn?: Turn | undefined;
}

interface Opened {
  employeeId: string;
  form: Form;
  exitId: string;
  workflowId?: string;
}

export interface Submitted {
  opened: Opened;
  /** Absent where an earlier request opened it. */
  found?: Preview;
}

export interface PreviewedExit extends Preview {
  resignation: Resignation;
  /** The table of the exit. */
  steps: readonly StepRow[];
  /** Mail addresses: one of them would have the interview. */
  hrPartners: string[];
}

export interface PreviewedDecision {
  decision: Decision;
  /** In the order of the exit's table of steps. */
  setsOff: readonly StepAhead[];
  /** Absent where it takes effect at once. */
  takesEffect?: TakesEffect | undefined;
  /** It would be proposed: a second person is to confirm it. */
  needsSecond: boolean;
}

/** What a second person does. */
interface ProposalAct extends ActedBy {
  number?: number | undefined;
  note?: string | undefined;
}

export interface TakesEffect {
  /** `YYYY-MM-DD`; it takes effect when this day begins. */
  day: string;
  /** ISO 8601, UTC. */
  at: string;
  /** IANA name. */
  timeZone: string;
  /** Otherwise the company's, since the directory tells none of the employee that is known. */
  isEmployeeZone: boolean;
}

export interface HandedOverExit {
  employeeId: string;
  exitId: string;
  form: Form;
  /** Why the exit was not handed over. */
  problem?: string | undefined;
}

export type ListedExitOfForm = ListedExit & { form: Form };

export type Application = ReturnType<typeof applicationOf>;

/** @param config called on first use */
export function applicationOf(configured: Configured, config: () => Config | Promise<Config>) {
  async function requireExit(which: Which): Promise<FoundInForm> {
    const found = await findExit(configured, which);
    if (found) return found;
    throw noExit(which.employeeId, which.exitId);
  }

  /** Calls the form that has the exit. @throws Refusal */
  async function ask<T>(which: Which, question: (exits: ExitsOfForm) => Promise<T>): Promise<T> {
    return question((await requireExit(which)).exits);
  }

  async function openedEarlier({
    employeeId,
    requestId,
  }: Resignation & { requestId: string }): Promise<Opened | undefined> {
    valid(parse(EmployeeId, employeeId));
    for (const form of formsAsked(configured)) {
      const exitId = await (await configured[form]!()).openedBy(employeeId, requestId);
      if (exitId !== undefined) return { employeeId, form, exitId };
    }
    return undefined;
  }

  /** @param exits of the form in which the person would act; default: whether they have an open exit is not asked */
  async function whoseIs(address: string, exits?: ExitsOfForm): Promise<Whose> {
    const { createDirectory } = await import('../services/from-config.js');
    try {
      const signal = AbortSignal.timeout(LOOK_WITHIN_MS);
      const hasOpenExit = exits && openExitsIn(exits);
      return await createDirectory(await config(), hasOpenExit).whose(address, signal);
    } catch (error) {
      return { problem: (error as Error).message };
    }
  }

  /** When a day begins for the employee; for the company where the directory tells no time zone. @throws Refusal where it does not answer */
  async function effectOf(employeeId: string, day: string): Promise<TakesEffect> {
    const [{ startOfDay }, { createDirectory }] = await Promise.all([
      import('../config/start-of-day.js'),
      import('../services/from-config.js'),
    ]);
    const { interview } = await config();
    const theirs = await createDirectory(await config())
      .timeZoneOf(employeeId, AbortSignal.timeout(LOOK_WITHIN_MS))
      .catch((error: unknown) => {
        throw dayNotTold(employeeId, day, error);
      });
    const timeZone = theirs ?? interview.timeZone;
    return { day, at: startOfDay(day, timeZone), timeZone, isEmployeeZone: theirs !== undefined };
  }

  const admission = admissionOf(configured, config);
  const keep = keeperOf(config);

  /** @throws Refusal where the address is of no configured HR partner */
  async function handOverOf({ to, by, asker }: { to: string } & ActedBy): Promise<HandOver> {
    const { hrPartners } = (await config()).contacts;
    const partner = hrPartners.find(({ email }) => isSameIdentity(email, to));
    if (!partner)
      throw new Refusal(
        'invalid',
        `to: ${to} is no HR partner of the configuration: add them to contacts.hrPartners`,
      );
    const { name, email, language } = partner;
    return valid(parse(HandOverFields, { to: { name, email, language }, by, asker }));
  }

  /** @throws Refusal where no such proposal waits */
  async function waiting(
    exits: ExitsOfForm,
    form: Form,
    { employeeId, exitId }: Which,
    number: number | undefined,
  ): Promise<Proposal> {
    const { proposals } = await exits.status(employeeId, exitId);
    const open = proposals.filter(({ state }) => state === 'open');
    const found = open.find((each) => (number === undefined ? each.decision : each.number === number));
    if (found) return found;
    const what = number === undefined ? 'no decision' : `no proposal ${number}`;
    throw notAllowed(employeeId, form, `${what} waits for a second person in the exit of ${employeeId}`);
  }

  /** One whose status cannot be read is waited for no longer. */
  async function isBlocked(
    { employeeId, form, exitId }: OpenedIn,
    manual: ReadonlySet<string>,
  ): Promise<boolean> {
    const exits = await configured[form]!();
    return exits.status(employeeId, exitId).then(
      (status) => isBlockOver(status, manual),
      () => true,
    );
  }

  async function resignationOf(input: unknown): Promise<Resignation> {
    const { Temporal } = await import('temporal-polyfill');
    const today = Temporal.Now.plainDateISO((await config()).interview.timeZone).toString();
    return valid(parseResignation(input, today));
  }

  /** Reads what an exit would find. @throws Refusal where the employee may not open one */
  async function look(
    { employeeId, login, email }: Resignation,
    form: Form,
    withinMs: number,
    known?: Turn['employee'],
  ): Promise<{ found: Preview; exits: ExitsOfForm }> {
    formsAsked(configured, form);
    const newest = await findExit(configured, { employeeId });
    if (newest?.isOpen) {
      const { form: where, since, phase, exitId } = newest;
      throw new Refusal(
        'already-open',
        `${employeeId} already has an open exit in the ${where} form, since ${since}, in the phase ${phase}`,
        { employeeId, form: where, exitId, since, phase },
      );
    }
    if (form === 'choreographed' && configured.orchestrated) await refuseOrphan(employeeId);
    const exits = await configured[form]!();
    const { isUnknownEverywhere, previewOf } = await import('./preview.js');
    const found = await previewOf(await config(), { employeeId, login, email }, withinMs, known);
    if (found.spellingProblem) throw new Refusal('other-spelling', found.spellingProblem, { employeeId });
    if (isUnknownEverywhere(found))
      throw new Refusal('unknown-employee', unknownEmployee(employeeId), { employeeId });
    return { found, exits };
  }

  /** @throws Refusal `awaits-second-person`, once the opening is kept */
  async function admitted(
    resignation: Resignation,
    form: Form,
    exits: ExitsOfForm,
    rows: number,
  ): Promise<void> {
    const { employeeId, submittedBy } = resignation;
    const beyond = await admission.admit(employeeId, rows);
    if (beyond === undefined) return;
    if (submittedBy === undefined)
      throw new Refusal(
        'invalid',
        `submittedBy: the exit of ${employeeId} needs a second person, so say who asks for it, by a mail address`,
      );
    const opening = {
      resignation: { ...resignation, submittedBy },
      beyond,
      askedAt: new Date().toISOString(),
    };
    throw await keep(opening, form, exits);
  }

  /** Only an orchestrated exit takes over the hold of a terminated one. A choreographed exit would mistake it for the state before. */
  async function refuseOrphan(employeeId: string): Promise<void> {
    const exits = await (await configured.orchestrated!()).list({ employeeId });
    // An exit that failed took no access, and took no hold over.
    const last = inOrder(exits).find(({ phase }) => phase !== 'failed');
    if (last?.phase !== 'terminated' && last?.phase !== 'timed-out') return;
    const { exitId, phase, openedAt: since } = last;
    throw new Refusal(
      'orphaned-hold',
      `The orchestrated exit of ${employeeId} ended as ${phase} and may still hold access. Open a new orchestrated exit, which takes it over`,
      { employeeId, form: 'orchestrated', exitId, phase, since },
    );
  }

  return {
    /** @throws Refusal where there is no exit of this id, or where the id is that of several employees */
    whose: (exitId: string): Promise<Which & { exitId: string }> => exitNamed(configured, exitId),

    /**
     * Searches the directory by a part of a name, a login or a mail address.
     * @throws Refusal where it does not answer
     */
    async people(text: string): Promise<PeopleNamed> {
      const wanted = valid(parse(SearchText, text));
      const { createDirectory } = await import('../services/from-config.js');
      const signal = AbortSignal.timeout((await config()).policy.requestTimeout);
      return createDirectory(await config())
        .named(wanted, signal)
        .catch((error: Error) => {
          const { message } = error;
          throw new Refusal(
            'no-answer',
            `The directory cannot be searched: ${message}`,
            {},
            { cause: error },
          );
        });
    },

    /** @throws Refusal where there is no such exit */
    async find({ employeeId, ...which }: Which): Promise<Which & { exitId: string }> {
      valid(parse(EmployeeId, employeeId));
      const { form, exitId } = await requireExit({ employeeId, ...which });
      return { employeeId, form, exitId };
    },

    /** What a page about an exit says of the company. */
    async company(): Promise<{ organisation: string; timeZone: string }> {
      const { organisation, interview } = await config();
      return { organisation: organisation.name, timeZone: interview.timeZone };
    },

    /** The newest exit of an employee, in either form. */
    async newest(employeeId: string): Promise<(FoundExit & { form: Form }) | undefined> {
      return findExit(configured, { employeeId: valid(parse(EmployeeId, employeeId)) });
    },

    /** How many of so many rows of a table one person may open now; the others wait for a second person. */
    room: (rows: number): Promise<number> => admission.room(rows),

    /** For exits that open together. */
    async turnsOf<T extends Pick<Opened, 'employeeId' | 'form'>>(rows: readonly T[]): Promise<Turns<T>> {
      const { turnsOf } = await import('./together.js');
      const found = await config();
      const manual = new Set(found.systems.filter(isManual).map(({ name }) => name));
      return turnsOf(
        found,
        rows,
        paceOf((exit) => isBlocked(exit, manual)),
      );
    },

    /** @returns the openings that wait for a second person, the oldest first */
    waiting: (): Promise<WaitingInForm[]> => waitingIn(configured),

    /** Opens what another person has asked for. @returns what became of each opening, in order */
    async confirmOpenings(
      employeeIds: readonly string[],
      { by, asker }: ActedBy,
    ): Promise<AsyncIterable<EndedOpening>> {
      const open: Opens = async (resignation, form, turn) => {
        const { opened, found } = await this.open(resignation, form, { isPatient: true, turn });
        return { exitId: opened.exitId, name: found.employee?.displayName };
      };
      const waiting = await this.waiting();
      const { rows, inTurn } = await this.turnsOf(
        [...new Set(employeeIds)].flatMap((employeeId) =>
          waiting.flatMap(({ resignation, form }) =>
            resignation.employeeId === employeeId ? { employeeId, form } : [],
          ),
        ),
      );
      const inOrder = [...rows.map(({ employeeId }) => employeeId), ...employeeIds];
      return endOpenings({
        ...{ configured, config: await config(), whoseIs, by, asker },
        ...{ employeeIds: inOrder, opening: { open, inTurn } },
      });
    },

    /** Ends what another person has asked for, or withdraws the own request. */
    async rejectOpenings(
      employeeIds: readonly string[],
      rejected: ActedBy & { note?: string | undefined },
    ): Promise<AsyncIterable<EndedOpening>> {
      return endOpenings({ configured, config: await config(), whoseIs, employeeIds, ...rejected });
    },

    /** Reads what an exit would find and do, and starts none. */
    async preview(input: unknown, form: Form): Promise<PreviewedExit> {
      const resignation = await resignationOf(input);
      const its = await config();
      const { found } = await look(resignation, form, 2 * its.policy.requestTimeout);
      const hrPartners = its.contacts.hrPartners.map(({ email }) => email);
      return { resignation, ...found, steps: planFrom(its, form).steps, hrPartners };
    },

    /** @throws Refusal `awaits-second-person` where it is kept, since one person may not open it alone */
    async open(
      input: unknown,
      form: Form,
      { isPatient = false, rows = 1, turn }: OpenOptions = {},
    ): Promise<{ opened: Opened; found: Preview }> {
      const resignation = await resignationOf(input);
      const { employeeId, overrideBy } = resignation;
      const withinMs = isPatient ? 2 * (await config()).policy.requestTimeout : LOOK_WITHIN_MS;
      const { found, exits } = await look(resignation, form, withinMs, turn?.employee);
      const identities = [
        ...(found.employee?.identities ?? []),
        ...found.systems.flatMap(
          ({ capture }) => capture?.accounts.flatMap((account) => account.identities) ?? [],
        ),
      ];
      if (overrideBy !== undefined) {
        const acting = anOperator({ employeeId, identities }, await whoseIs(overrideBy, exits), true);
        const problem = acting('overrideBy', overrideBy);
        if (problem !== undefined) throw new Refusal('not-allowed', problem, { employeeId, form });
      }
      const last = overrideBy === undefined && lastOfProtected(employeeId, found);
      if (last) throw last;
      if (resignation.confirmedBy === undefined) await admitted(resignation, form, exits, rows);
      const together = await turn?.together();
      const opened = await exits.open({ ...resignation, together }).catch((error: unknown) => {
        // Where the exit has begun all the same, its record counts.
        admission.release(employeeId);
        throw error;
      });
      const { lastWorkingDay } = resignation;
      turn?.opened({
        ...{ employeeId, exitId: opened.exitId, employeeName: found.employee?.displayName, lastWorkingDay },
      });
      return { opened: { employeeId, form, ...opened }, found };
    },

    /**
     * Opens the exit of a request that may come again: by its `requestId` it opens one, also after a restart and a lost answer.
     * @returns the exit, with what was found where this call opened it
     */
    async submit(input: Resignation & { requestId: string }, form: Form): Promise<Submitted> {
      const earlier = await openedEarlier(input);
      if (earlier) return { opened: earlier };
      try {
        return await this.open(input, form);
      } catch (error) {
        // The same request may be under way twice.
        const other =
          error instanceof Refusal && error.code === 'already-open' && (await openedEarlier(input));
        if (other) return { opened: other };
        throw error;
      }
    },

    /**
     * Withdraws the open exit of the employee, once for each `note`; or their opening that waits for a second person.
     * @param decision.note names the request, so that its repetition withdraws no later exit
     * @returns the exit; without an `exitId` where the opening waited
     */
    async withdraw(
      employeeId: string,
      decision: Decision & { note: string },
    ): Promise<Omit<Opened, 'exitId'> & { exitId?: string; isRepetition: boolean }> {
      const { exits: all, problems } = await this.list({ employeeId });
      if (problems[0]) throw problems[0];
      for (const { exitId, form, outcome } of all) {
        if (outcome !== decision.outcome) continue;
        const { decision: earlier } = await this.status({ employeeId, exitId, form });
        if (earlier?.note === decision.note) return { employeeId, exitId, form, isRepetition: true };
      }
      const found = await findExit(configured, { employeeId });
      const waiting = found?.isOpen ? undefined : await withdrawOpening(configured, employeeId, decision);
      if (waiting) return { employeeId, form: waiting, isRepetition: false };
      if (!found) throw noExit(employeeId);
      const { exitId, form } = found;
      await this.decide({ employeeId, exitId, form }, decision);
      return { employeeId, exitId, form, isRepetition: false };
    },

    /**
     * @param address a mail address or a login
     * @returns the employee whom the directory knows by it
     * @throws Refusal `unknown-employee`, `invalid` where it is of several, `unreachable`
     */
    async employeeWith(address: string): Promise<string> {
      const whose = await whoseIs(address);
      if ('problem' in whose)
        throw new Refusal(
          'unreachable',
          `Whose ${address} is, the directory does not tell: ${whose.problem}`,
        );
      const [employeeId, ...others] = whose.employeeIds;
      if (employeeId === undefined)
        throw new Refusal('unknown-employee', `The directory knows no person with ${address}`);
      if (others.length === 0) return employeeId;
      const employees = whose.employeeIds.join(' and ');
      throw new Refusal('invalid', `${address} is of ${employees}: name the employee by the employee id`);
    },

    status: (which: Which): Promise<ExitStatus> =>
      ask(which, (exits) => exits.status(which.employeeId, which.exitId)),

    async decide(which: Which, input: Decision): Promise<Decided> {
      const decision = decisionOf(which, input);
      return ask(which, (exits) => exits.decide(which.employeeId, decision, which.exitId));
    },

    /**
     * Confirms what another person has proposed.
     * @param input.number of the proposal; default: the decision that waits
     * @returns the decision, or the step whose protection is overridden
     */
    async confirm(
      which: Which,
      { number, by, asker }: ProposalAct,
    ): Promise<{ decided?: Decided; step?: Step }> {
      const { employeeId, exitId } = which;
      const { exits, form } = await requireExit(which);
      const { decision, override } = await waiting(exits, form, which, number);
      if (decision)
        return { decided: await exits.decide(employeeId, { ...decision, decidedBy: by, asker }, exitId) };
      const retry = { step: 'block-access', system: override, action: 'retry', override: true } as const;
      return { step: await exits.resolve(employeeId, { ...retry, by, asker }, exitId) };
    },

    /** Rejects what another person has proposed, or withdraws the own proposal. */
    async reject(which: Which, { number, ...act }: ProposalAct): Promise<Proposal> {
      const { employeeId, exitId } = which;
      const { exits, form } = await requireExit(which);
      const proposal = await waiting(exits, form, which, number);
      const rejection = valid(parse(RejectionFields, { number: proposal.number, ...act }));
      return exits.reject(employeeId, rejection, exitId);
    },

    /** @returns the steps that the decision would begin, and when */
    async previewDecision(which: Which, input: Decision): Promise<PreviewedDecision> {
      const { employeeId, exitId } = which;
      const decision = decisionOf(which, input);
      const { exits, form } = await requireExit(which);
      const { proposals } = await exits.status(employeeId, exitId);
      const proposal = proposals.find((each) => each.state === 'open' && each.decision);
      const { contacts, decisions } = await config();
      // Whom the plan of the exit lets decide only the exit knows: it reads of these what it needs.
      const deciders = decisions.deciders
        ? [...contacts.hrPartners, contacts.escalation, contacts.operator, ...decisions.deciders]
        : [];
      const looked = await lookUp(
        {
          actor: decision.decidedBy,
          proposer: proposal?.by,
          deciders: deciders.flatMap((each) => (typeof each === 'string' ? [] : each.email)),
        },
        (address) => whoseIs(address, exits),
      );
      const weighed = await exits.weigh(employeeId, decision, exitId, looked);
      if (weighed.problem !== undefined) throw notAllowed(employeeId, form, weighed.problem);
      const { setsOff, effectiveDay, needsSecond = false } = weighed;
      const takesEffect = effectiveDay === undefined ? undefined : await effectOf(employeeId, effectiveDay);
      return { decision, setsOff, takesEffect, needsSecond };
    },

    /** Changes the dates of an open exit. */
    async amend(which: Which, input: Amendment): Promise<Amended> {
      const amendment = valid(parse(AmendmentFields, input));
      return ask(which, (exits) => exits.amend(which.employeeId, amendment, which.exitId));
    },

    /** Gives an open exit to another HR partner of the configuration. The interview follows. */
    async handOver(which: Which, input: { to: string } & ActedBy): Promise<HandedOver> {
      const handOver = await handOverOf(input);
      return ask(which, (exits) => exits.handOver(which.employeeId, handOver, which.exitId));
    },

    /**
     * Gives every open exit of one HR partner to another one.
     * @param input.from mail address of the HR partner who has them
     * @param allowed throws where the person may not act for this employee
     * @returns what became of each; those that are not handed over have a problem
     */
    async handOverAll(
      input: { from: string; to: string; form?: Form | undefined } & ActedBy,
      allowed?: (employeeId: string) => Promise<void>,
    ): Promise<HandedOverExit[]> {
      const from = valid(parse(MailAddress, input.from));
      const handOver = await handOverOf(input);
      const done: HandedOverExit[] = [];
      for (const form of formsAsked(configured, input.form)) {
        const exits = await configured[form]!();
        const one = async ({ employeeId, exitId }: ListedExit): Promise<HandedOverExit | []> => {
          try {
            const { hrPartner } = await exits.status(employeeId, exitId);
            if (!hrPartner || !isSameIdentity(hrPartner.email, from)) return [];
            await allowed?.(employeeId);
            await exits.handOver(employeeId, handOver, exitId);
            return { employeeId, exitId, form };
          } catch (error) {
            // One exit that fails keeps no other from being handed over.
            return { employeeId, exitId, form, problem: (error as Error).message };
          }
        };
        const open = (await exits.list({ open: true })).filter(({ phase }) => phase !== 'dead-lettered');
        for (let first = 0; first < open.length; first += AT_A_TIME)
          done.push(...(await Promise.all(open.slice(first, first + AT_A_TIME).map(one))).flat());
      }
      return done;
    },

    async resolve(which: Which, input: Resolution): Promise<Step> {
      const resolution = valid(parse(ResolutionFields, input));
      return ask(which, (exits) => exits.resolve(which.employeeId, resolution, which.exitId));
    },

    /** @returns the step as it stands, where a resolution would be accepted */
    async previewResolution(which: Which, input: Resolution): Promise<Step> {
      const resolution = valid(parse(ResolutionFields, input));
      const { exits, form } = await requireExit(which);
      const { steps } = await exits.status(which.employeeId, which.exitId);
      const { steps: custom, systems } = await config();
      const isTask = ({ name, system }: Step) =>
        custom.some((step) => step.name === name && step.task) ||
        systems.some((each) => each.name === system && isManual(each));
      const weighed = parseResolution(resolution, steps, isTask);
      if (!weighed.ok) throw notAllowed(which.employeeId, form, weighed.problem);
      return steps.find((step) => stepKey(step) === keyOfStep(resolution))!;
    },

    async interview(which: Which): Promise<NonNullable<ExitStatus['interview']>> {
      const { employeeId, exitId } = which;
      const { interview } = await ask(which, (exits) => exits.status(employeeId, exitId));
      if (interview) return interview;
      throw new Refusal('no-interview', `${employeeId} has no interview`, { employeeId, exitId });
    },

    /** Moves the interview. @returns once the new invitations are out */
    async reschedule(which: Which, input: Rescheduling): Promise<Interview> {
      const request = valid(parseRescheduling(input, new Date().toISOString()));
      return ask(which, (exits) => exits.reschedule(which.employeeId, request, which.exitId));
    },

    /** @param version of the reading program, for the record */
    report: (which: Which, version: string): Promise<Evidence> =>
      ask(which, (exits) => exits.report(which.employeeId, version, which.exitId)),

    /** Yields the status now and after each change, until the exit is over. */
    async *follow(which: Which, everyMs: number): AsyncGenerator<ExitStatus> {
      const { exits } = await requireExit(which);
      yield* exits.follow(which.employeeId, everyMs, which.exitId);
    },

    /** @property problems one error for each form that is missing from the list */
    async list({
      form: only,
      ...filter
    }: ListFilter & { form?: Form | undefined }): Promise<{ exits: ListedExitOfForm[]; problems: Error[] }> {
      if (filter.employeeId !== undefined) valid(parse(EmployeeId, filter.employeeId));
      const asked = formsAsked(configured, only).map(async (form) => {
        const listed = await (await configured[form]!()).list(filter);
        return Promise.all(listed.map(async (exit) => judged({ form, ...exit })));
      });
      const answers = await Promise.allSettled(asked);
      const problems = answers.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
      if (problems.length === answers.length) throw problems[0]!;
      const exits = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      const isWanted = ({ needsAttention }: ListedExit) => !filter.attention || needsAttention;
      return { exits: inOrder(exits.filter(isWanted)), problems };
    },
  };

  /** An exit that was cut short needs attention until a newer exit follows, in either form. */
  async function judged(exit: ListedExitOfForm): Promise<ListedExitOfForm> {
    const { employeeId, exitId, phase } = exit;
    if (!isCutShort(phase)) return exit;
    // Where a form does not answer, the exit stays in the list, which names the missing form.
    const newest = await findExit(configured, { employeeId }).catch(() => undefined);
    // An exit that failed took no hold over.
    const isLast = newest === undefined || newest.exitId === exitId || newest.phase === 'failed';
    return { ...exit, needsAttention: isLast };
  }
}

function valid<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Refusal('invalid', parsed.problem);
}

/** Checks what needs no exit. The exit itself checks the rest, such as the addresses of the employee. */
function decisionOf({ employeeId }: Which, input: Decision): Decision {
  const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  const lenient = { awaitingEffectiveDate: false, cancelled: false, today: yesterday };
  return valid(parseDecision(input, { employeeId, problemWith: () => undefined, ...lenient }));
}
