/** Openings that one person may not do alone: they wait for a second one, and block nothing until then. */
import { notADecider, notAStranger, notTheProposer, type Looked } from './acting.js';
import { contactsOf, decidersOf } from './contacts.js';
import { isSameIdentity, MailAddress } from './mail-address.js';
import type { Plan } from './plan.js';
import { Refusal } from './refusal.js';
import type { Resignation } from './resignation.js';

/** The limit that an opening is beyond: of exits in an hour, or of rows in a table. */
export type Beyond = 'hour' | 'table';

export interface WaitingOpening {
  /** Its `submittedBy` is who asks: a mail address, or the name of a program. */
  resignation: Resignation & { submittedBy: string };
  beyond: Beyond;
  /** ISO 8601, UTC. */
  askedAt: string;
}

/** What a form knows of openings. */
export interface Openings {
  /** @returns the employees whose exits began since then, except where a second person confirmed the opening */
  begunSince: (since: string) => Promise<string[]>;
  /** Keeps one for each employee. @returns the one that waits: this one, or an earlier one */
  keep: (opening: WaitingOpening) => Promise<WaitingOpening>;
  find: (employeeId: string) => Promise<WaitingOpening | undefined>;
  /** Temporal's index may be a moment behind. */
  waiting: () => Promise<WaitingOpening[]>;
  /** @param how one sentence, for the record */
  end: (employeeId: string, how: string) => Promise<void>;
}

const reasons: Record<Beyond, string> = {
  hour: 'more exits began within an hour than may without one',
  table: 'its table has more rows than one person may open',
};

/** @param mailProblem why HR got no mail of it */
export function waitsForSecond(
  { resignation, beyond, askedAt }: WaitingOpening,
  form: string,
  mailProblem?: string,
): Refusal {
  const { employeeId, submittedBy: askedBy } = resignation;
  return new Refusal(
    'awaits-second-person',
    `The exit of ${employeeId} waits for a second person since ${askedAt}, asked for by ${askedBy}, and nothing is blocked yet: ` +
      `${reasons[beyond]}. ${mailProblem === undefined ? '' : `HR got no mail of it: ${mailProblem}. `}Ask a colleague who decides to confirm it`,
    { employeeId, form, beyond, askedAt, askedBy },
  );
}

/** The mail address of the person who asks; undefined where a program does. */
export const askingPerson = ({ resignation: { submittedBy } }: WaitingOpening): string | undefined =>
  MailAddress.safeParse(submittedBy).success ? submittedBy : undefined;

/**
 * @param plan that the exit would have
 * @returns why the person may not confirm the opening: one sentence that begins with the field
 */
export function confirmingProblem(
  opening: WaitingOpening,
  by: string,
  looked: Looked,
  plan: Plan,
): string | undefined {
  const person = askingPerson(opening);
  const problem = actingProblem(opening.resignation, by, looked, plan);
  return problem ?? (person === undefined ? undefined : notTheProposer('by', by, person, looked));
}

/** Those who may confirm an opening may reject it; the one who asked withdraws it. */
export const rejectingProblem = (
  { resignation }: WaitingOpening,
  by: string,
  looked: Looked,
  plan: Plan,
): string | undefined =>
  isSameIdentity(by, resignation.submittedBy) ? undefined : actingProblem(resignation, by, looked, plan);

function actingProblem(
  { employeeId, login, email }: Resignation,
  by: string,
  { actor, leaving = [] }: Looked,
  plan: Plan,
): string | undefined {
  if (!actor || 'problem' in actor)
    return `by: cannot tell whether ${by} is the employee concerned: ${actor?.problem ?? 'they were not looked up'}. Try again`;
  const isTheirs = actor.employeeIds.includes(employeeId);
  const concern = { employeeId, identities: [login, email, isTheirs && by].flatMap((each) => each || []) };
  const contacts = contactsOf(plan, undefined, concern);
  const deciders = plan.deciders && decidersOf(plan, contacts, concern, 2, leaving);
  const known = [...plan.hrPartners, plan.operator, plan.review.escalateTo, ...(deciders ?? [])];
  const named = known.map((contact) => contact.email);
  return (
    notAStranger({ ...concern, named, whose: actor })('by', by) ??
    (deciders && notADecider(deciders)('by', by))
  );
}
