/** The application API: the use cases of exits, over both forms. */
import { isManual, type Config } from '../config/config.js';
import { AmendmentFields, type Amended, type Amendment } from '../exit/amendment.js';
import type { Decision } from '../exit/decision.js';
import type { Evidence } from '../exit/evidence/evidence.js';
import { inOrder, isCutShort, type FoundExit, type ListedExit, type ListFilter } from '../exit/exits.js';
import { EmployeeId } from '../exit/ids.js';
import { parse } from '../exit/input.js';
import type { Interview } from '../exit/interview.js';
import type { PeopleNamed } from '../exit/people.js';
import { noExit, notAllowed, Refusal } from '../exit/refusal.js';
import { parseRescheduling, type Rescheduling } from '../exit/rescheduling.js';
import { parseResolution, ResolutionFields, type Resolution } from '../exit/resolution.js';
import { SearchText } from '../exit/spelling.js';
import { keyOfStep, stepKey, type ExitStatus, type Step } from '../exit/status.js';
import { decidesOf } from './decide-exits.js';
import {
  askForm,
  exitNamed,
  findExit,
  formsAsked,
  requireExit,
  type Configured,
  type Form,
  type Which,
} from './forms.js';
import { handsOverOf } from './hand-over-exits.js';
import { opensOf, type Opened } from './opening-exits.js';
import { withdrawOpening } from './openings.js';
import { valid } from './valid.js';
import { whoseIsOf } from './whose-is.js';

export type ListedExitOfForm = ListedExit & { form: Form };

export type Application = ReturnType<typeof applicationOf>;

/** @param config called on first use */
export function applicationOf(configured: Configured, config: () => Config | Promise<Config>) {
  const whoseIs = whoseIsOf(config);
  return {
    ...opensOf(configured, config, whoseIs),
    ...decidesOf(configured, config, whoseIs),
    ...handsOverOf(configured, config),

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
      const { form, exitId } = await requireExit(configured, { employeeId, ...which });
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
      askForm(configured, which, (exits) => exits.status(which.employeeId, which.exitId)),

    /** Changes the dates of an open exit. */
    async amend(which: Which, input: Amendment): Promise<Amended> {
      const amendment = valid(parse(AmendmentFields, input));
      return askForm(configured, which, (exits) => exits.amend(which.employeeId, amendment, which.exitId));
    },

    async resolve(which: Which, input: Resolution): Promise<Step> {
      const resolution = valid(parse(ResolutionFields, input));
      return askForm(configured, which, (exits) => exits.resolve(which.employeeId, resolution, which.exitId));
    },

    /** @returns the step as it stands, where a resolution would be accepted */
    async previewResolution(which: Which, input: Resolution): Promise<Step> {
      const resolution = valid(parse(ResolutionFields, input));
      const { exits, form } = await requireExit(configured, which);
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
      const { interview } = await askForm(configured, which, (exits) => exits.status(employeeId, exitId));
      if (interview) return interview;
      throw new Refusal('no-interview', `${employeeId} has no interview`, { employeeId, exitId });
    },

    /** Moves the interview. @returns once the new invitations are out */
    async reschedule(which: Which, input: Rescheduling): Promise<Interview> {
      const request = valid(parseRescheduling(input, new Date().toISOString()));
      return askForm(configured, which, (exits) => exits.reschedule(which.employeeId, request, which.exitId));
    },

    /** @param version of the reading program, for the record */
    report: (which: Which, version: string): Promise<Evidence> =>
      askForm(configured, which, (exits) => exits.report(which.employeeId, version, which.exitId)),

    /** Yields the status now and after each change, until the exit is over. */
    async *follow(which: Which, everyMs: number): AsyncGenerator<ExitStatus> {
      const { exits } = await requireExit(configured, which);
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
