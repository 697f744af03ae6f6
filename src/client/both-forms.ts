/** The exits of both forms. They share no lock: where an employee's exit is, is found by asking each. */
import type { Decision } from '../exit/decision.js';
import type { Evidence } from '../exit/evidence/evidence.js';
import type { Exits, ListedExit, ListFilter, NewestExit } from '../exit/exits.js';
import type { Interview } from '../exit/interview.js';
import type { Rescheduling } from '../exit/rescheduling.js';
import type { Resolution } from '../exit/resolution.js';
import type { ExitStatus, Step } from '../exit/status.js';
import { Refusal } from '../exit/refusal.js';

export type Form = ExitStatus['form'];
export const forms = ['orchestrated', 'choreographed'] as const satisfies Form[];

/** What a form can be asked here. */
export interface ExitsOfForm extends Exits {
  /** @param version of the program that reads, for the record */
  evidence: (employeeId: string, version: string) => Promise<Evidence>;
}

/** A form that is configured here: its exits, or in one sentence why it cannot be reached. */
export type Reached = { form: Form } & ({ exits: ExitsOfForm } | { problem: Error });

export type ListedExitOfForm = ListedExit & { form: Form };

const addressOf: Record<Form, string> = { orchestrated: 'TEMPORAL_ADDRESS', choreographed: 'NATS_URL' };

interface Found extends NewestExit {
  form: Form;
  exits: ExitsOfForm;
}

export type BothForms = ReturnType<typeof exitsOf>;

/** @param reached the forms that are configured here; one that is not is asked nothing */
export function exitsOf(reached: readonly Reached[]) {
  /** By form, the newest exit of the employee. @throws where a form could not say, unless another one has an open exit */
  async function find(employeeId: string): Promise<Found | undefined> {
    const asked = await Promise.allSettled(
      reached.map(async (each): Promise<Found | undefined> => {
        const exits = exitsIn(each);
        const newest = await exits.newest(employeeId);
        return newest && { ...newest, form: each.form, exits };
      }),
    );
    const found = asked.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value ?? []) : []));
    const open = found.filter(({ isOpen }) => isOpen);
    if (open.length > 1)
      throw new Refusal(`${employeeId} has an open exit in both forms: say which one with --form`);
    // An employee's exit belongs to one form: while it is open there, the others need not answer.
    if (open[0]) return open[0];
    for (const [i, answer] of asked.entries())
      if (answer.status === 'rejected') throw notKnown(employeeId, reached[i]!.form, answer.reason as Error);
    return found.toSorted((a, b) => b.since.localeCompare(a.since))[0];
  }

  function notKnown(employeeId: string, form: Form, problem: Error): Error {
    if (reached.length === 1) return problem;
    return new Refusal(
      `Whether ${employeeId} has an exit in the ${form} form is not known: ${problem.message}`,
      {
        cause: problem,
      },
    );
  }

  async function ofEmployee(employeeId: string): Promise<ExitsOfForm> {
    const found = await find(employeeId);
    if (!found) throw new Refusal(`${employeeId} has no exit`);
    return found.exits;
  }

  return {
    /** @throws where a form cannot be asked: there might be an open exit */
    openExit: async (employeeId: string): Promise<(NewestExit & { form: Form }) | undefined> => {
      const found = await find(employeeId);
      return found?.isOpen ? found : undefined;
    },

    /** @throws Refusal where the form is not there to be asked */
    inForm(form: Form): ExitsOfForm {
      const each = reached.find((each) => each.form === form);
      if (!each) throw new Refusal(`The ${form} form is not configured here: set ${addressOf[form]}`);
      return exitsIn(each);
    },

    status: async (employeeId: string): Promise<ExitStatus> =>
      (await ofEmployee(employeeId)).status(employeeId),

    decide: async (employeeId: string, decision: Decision): Promise<Decision & { decidedAt: string }> =>
      (await ofEmployee(employeeId)).decide(employeeId, decision),

    /** @returns why the decision would be refused now; undefined where it would be accepted */
    weigh: async (employeeId: string, decision: Decision): Promise<string | undefined> =>
      (await ofEmployee(employeeId)).weigh(employeeId, decision),

    resolve: async (employeeId: string, resolution: Resolution): Promise<Step> =>
      (await ofEmployee(employeeId)).resolve(employeeId, resolution),

    /** Moves the interview, and answers when everybody is invited for the new time. */
    reschedule: async (employeeId: string, wish: Rescheduling): Promise<Interview> =>
      (await ofEmployee(employeeId)).reschedule(employeeId, wish),

    evidence: async (employeeId: string, version: string): Promise<Evidence> =>
      (await ofEmployee(employeeId)).evidence(employeeId, version),

    /** @property problems why a form is missing from the list */
    async list(filter: ListFilter): Promise<{ exits: ListedExitOfForm[]; problems: Error[] }> {
      const asked = await Promise.allSettled(
        reached.map(async (each) => {
          const listed = await exitsIn(each).list(filter);
          return listed.map((exit) => ({ form: each.form, ...exit }));
        }),
      );
      const problems = asked.flatMap((answer) =>
        answer.status === 'rejected' ? [answer.reason as Error] : [],
      );
      if (problems.length === asked.length) throw problems[0]!;
      const exits = asked.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
      return { exits: exits.toSorted(openThenNewest), problems };
    },

    /** The status, again each time that something has happened, until the exit is over. */
    async *follow(employeeId: string, everyMs: number): AsyncGenerator<ExitStatus> {
      yield* (await ofEmployee(employeeId)).follow(employeeId, everyMs);
    },
  };
}

function exitsIn(reached: Reached): ExitsOfForm {
  if ('exits' in reached) return reached.exits;
  throw reached.problem;
}

/** The order of Temporal's own list. */
function openThenNewest(a: ListedExit, b: ListedExit): number {
  const endOf = ({ closedAt }: ListedExit): string => closedAt ?? '9999';
  return endOf(b).localeCompare(endOf(a)) || b.openedAt.localeCompare(a.openedAt);
}
