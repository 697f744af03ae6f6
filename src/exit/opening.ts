/** Openings that one person may not do alone: they wait for a second one, and block nothing until then. */
import { notADecider, notAStranger, notTheProposer, type Looked, type LookUps } from './acting.js';
import type { ActedBy } from './asker.js';
import {
  contactsInTurn,
  contactsOf,
  decidersOf,
  present,
  type Leaving,
  type PlannedPeople,
} from './contacts.js';
import { isSameIdentity, MailAddress, reaches } from './mail-address.js';
import type { Contact, InTurn } from './people.js';
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

/** How an opening ended, and by whom, for the record. */
export interface OpeningEnd extends ActedBy {
  how: 'confirmed' | 'rejected' | 'withdrawn';
  note?: string | undefined;
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
  end: (employeeId: string, end: OpeningEnd) => Promise<void>;
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
const askingPerson = ({ resignation: { submittedBy } }: WaitingOpening): string | undefined =>
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

/** The addresses that have to be looked up before a person confirms or rejects an opening. */
export function openingLookUps(opening: WaitingOpening, by: string, plan: Plan): LookUps {
  const deciders = decidersFor(concernIn(opening.resignation), plan, [])?.map(({ email }) => email) ?? [];
  return {
    ...{ actor: by, proposer: askingPerson(opening) },
    deciders: reaches(by, deciders) ? [] : deciders,
  };
}

/**
 * To whom a mail on openings goes: to all who may confirm them. Those with an open exit of their own stand aside; where that cannot be
 * told, the next one hears it too.
 * @param askedBy stands aside as well
 */
export function confirmersOf(people: PlannedPeople, askedBy: string, leaving: Leaving): InTurn {
  const { deciders = ['hr-partner'] } = people;
  const contacts = contactsOf(people, undefined, concernOf(askedBy));
  const without = (...away: (boolean | undefined)[]): Contact[] => {
    const absent = [...leaving].flatMap(([email, isLeaving]) => (away.includes(isLeaving) ? email : []));
    return decidersOf({ ...people, deciders }, contacts, concernOf(askedBy), 1, absent);
  };
  const told = [...without(true), ...without(true, undefined)];
  const [first, ...more] = new Map(told.map((contact) => [contact.email, contact])).values();
  return first ? [first, ...more] : escalatedTo(people, askedBy, leaving);
}

/** To whom openings are escalated that no person has confirmed in time. */
export const escalatedTo = (people: PlannedPeople, askedBy: string, leaving: Leaving): InTurn =>
  present(contactsInTurn(people, undefined, concernOf(askedBy)).escalateTo, leaving);

const concernOf = (askedBy: string) => ({ employeeId: askedBy, identities: [] });

const concernIn = ({ employeeId, login, email }: Resignation, ...more: string[]) => ({
  employeeId,
  identities: [login, email, ...more].flatMap((each) => each || []),
});

/** Who may confirm, where the plan names them: one of them may have asked, so there are two. */
const decidersFor = (concern: ReturnType<typeof concernIn>, plan: Plan, leaving: readonly string[]) =>
  plan.deciders && decidersOf(plan, contactsOf(plan, undefined, concern), concern, 2, leaving);

function actingProblem(
  resignation: Resignation,
  by: string,
  { actor, leaving = [] }: Looked,
  plan: Plan,
): string | undefined {
  if (!actor || 'problem' in actor)
    return `by: cannot tell whether ${by} is the employee concerned: ${actor?.problem ?? 'they were not looked up'}. Try again`;
  const isTheirs = actor.employeeIds.includes(resignation.employeeId);
  const concern = concernIn(resignation, ...(isTheirs ? [by] : []));
  const deciders = decidersFor(concern, plan, leaving);
  const known = [...plan.hrPartners, plan.operator, plan.review.escalateTo, ...(deciders ?? [])];
  const named = known.map((contact) => contact.email);
  return (
    notAStranger({ ...concern, named, whose: actor })('by', by) ??
    (deciders && notADecider(deciders)('by', by))
  );
}
