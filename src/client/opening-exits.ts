/** Exits are opened, or kept for a second person where one person may not open so many. */
import { isManual, type Config } from '../config/config.js';
import { planFrom } from '../config/planning.js';
import { anOperator } from '../exit/acting.js';
import type { ActedBy } from '../exit/asker.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import { inOrder } from '../exit/exits.js';
import { unknownEmployee } from '../exit/failures.js';
import { EmployeeId } from '../exit/ids.js';
import { parse } from '../exit/input.js';
import { Refusal } from '../exit/refusal.js';
import { parseResignation, type Resignation } from '../exit/resignation.js';
import type { StepRow } from '../exit/steps.js';
import { admissionOf } from './admission.js';
import { findExit, formsAsked, type Configured, type Form } from './forms.js';
import { keeperOf } from './keep-opening.js';
import { lastOfProtected } from './last-of-protected.js';
import { isBlockOver, paceOf } from './opening-pace.js';
import { endOpenings, waitingIn, type EndedOpening, type Opens, type WaitingInForm } from './openings.js';
import type { Preview } from './preview.js';
import type { OpenedIn, Turn, Turns } from './together.js';
import { valid } from './valid.js';
import type { WhoseIs } from './whose-is.js';

/** How long `open` waits for the systems before it starts the exit, which captures each system itself. */
const LOOK_WITHIN_MS = 2_000;

interface OpenOptions {
  /** Waits for the systems as long as `preview` does. */
  isPatient?: boolean;
  /** Of the table that the opening is in. */
  rows?: number;
  turn?: Turn | undefined;
}

export interface Opened {
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

/** @param config called on first use */
export function opensOf(configured: Configured, config: () => Config | Promise<Config>, whoseIs: WhoseIs) {
  const admission = admissionOf(configured, config);
  const keep = keeperOf(config);

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
  };
}
