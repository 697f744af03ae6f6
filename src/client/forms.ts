/** The two forms of exits. They share no lock, so the application asks both where an employee's exit is. */
import type { HasOpenExit } from '../exit/acting.js';
import type { ExitsOfForm } from '../exit/evidence/evidence.js';
import type { FoundExit } from '../exit/exits.js';
import { noExit, Refusal } from '../exit/refusal.js';
import type { ExitStatus } from '../exit/status.js';

export type Form = ExitStatus['form'];
export const forms = ['orchestrated', 'choreographed'] as const satisfies Form[];

/** The configured forms, each with a function that connects. It throws a Refusal where the server cannot be reached. */
export type Configured = Partial<Record<Form, () => Promise<ExitsOfForm>>>;

/** Names an exit. Without `form`, of either form; without `exitId`, the newest one. */
export interface Which {
  employeeId: string;
  form?: Form | undefined;
  exitId?: string | undefined;
}

export interface FoundInForm extends FoundExit {
  form: Form;
  exits: ExitsOfForm;
}

/** By the record of a form. */
export const openExitsIn =
  (exits: ExitsOfForm): HasOpenExit =>
  async (employeeId) =>
    (await exits.find(employeeId))?.isOpen ?? false;

/** @throws Refusal where none is configured */
export function formsAsked(configured: Configured, only?: Form): Form[] {
  const asked = forms.filter((form) => configured[form] && (only ?? form) === form);
  if (asked.length > 0) return asked;
  throw notConfigured(forms.some((form) => configured[form]) ? only : undefined);
}

export function notConfigured(form?: Form): Refusal {
  const what = form === undefined ? 'No form of exits is' : `The ${form} form is not`;
  return new Refusal('not-configured', `${what} configured here`, { form });
}

/** @throws Refusal where a form does not answer, unless another form has an open exit */
export async function findExit(
  configured: Configured,
  { employeeId, form: only, exitId }: Which,
): Promise<FoundInForm | undefined> {
  const asked = formsAsked(configured, only);
  const answers = await Promise.allSettled(
    asked.map(async (form): Promise<FoundInForm | undefined> => {
      const exits = await configured[form]!();
      const found = await exits.find(employeeId, exitId);
      return found && { ...found, form, exits };
    }),
  );
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value ?? []) : []));
  const open = found.filter(({ isOpen }) => isOpen);
  if (open.length > 1)
    throw new Refusal('ambiguous-form', `${employeeId} has an open exit in both forms`, { employeeId });
  // An employee has an open exit in one form only, so the other form need not answer.
  if (open[0]) return open[0];
  if (exitId !== undefined && found[0]) return found[0];
  for (const [i, answer] of answers.entries())
    if (answer.status === 'rejected')
      throw asked.length === 1 ? answer.reason : unanswered(employeeId, asked[i]!, answer.reason as Error);
  return found.toSorted((a, b) => b.since.localeCompare(a.since))[0];
}

/** @throws Refusal where there is none */
export async function requireExit(configured: Configured, which: Which): Promise<FoundInForm> {
  const found = await findExit(configured, which);
  if (found) return found;
  throw noExit(which.employeeId, which.exitId);
}

/** Calls the form that has the exit. @throws Refusal */
export async function askForm<T>(
  configured: Configured,
  which: Which,
  question: (exits: ExitsOfForm) => Promise<T>,
): Promise<T> {
  return question((await requireExit(configured, which)).exits);
}

/** @throws Refusal where no form has the exit, or a form does not answer */
export async function exitNamed(configured: Configured, exitId: string): Promise<Which & { exitId: string }> {
  const answers = await Promise.allSettled(
    formsAsked(configured).map(async (form) =>
      (await (await configured[form]!()).employeesOf(exitId)).map((employeeId) => ({ employeeId, form })),
    ),
  );
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const [first, ...others] = found;
  if (others.length > 0) {
    const employees = found.map(({ employeeId }) => employeeId);
    throw new Refusal('ambiguous-form', `${employees.join(' and ')} each have an exit ${exitId}`, { exitId });
  }
  if (first) return { ...first, exitId };
  const silent = answers.find((answer) => answer.status === 'rejected');
  if (silent) throw silent.reason;
  throw new Refusal('no-exit', `There is no exit ${exitId}`, { exitId });
}

function unanswered(employeeId: string, form: Form, problem: Error): Refusal {
  const sentence = `Whether ${employeeId} has an exit in the ${form} form is not known: ${problem.message}`;
  // A form that answers with what cannot be read is no server that is away.
  const code = problem instanceof Refusal ? problem.code : 'no-answer';
  return new Refusal(code, sentence, { employeeId, form }, { cause: problem });
}
