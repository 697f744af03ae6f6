/** The people with a role in an exit. Where the one with the role is the employee, or has an open exit of their own, the next one stands in. */
import { isConcerned } from './acting.js';
import type { Plan } from './plan.js';
import type { Contact, InTurn } from './people.js';

interface Concern {
  employeeId: string;
  identities: Iterable<string>;
}

/** What a plan says of its people. */
export type PlannedPeople = Pick<Plan, 'hrPartners' | 'operator' | 'deciders'> & {
  review: Pick<Plan['review'], 'escalateTo'>;
};

/** @returns those who are not the employee, each once; the first one where each is */
export function notConcerned<T extends Contact>(candidates: InTurn<T>, concern: Concern): InTurn<T> {
  const others = candidates.filter(({ email }) => !isConcerned(email, concern));
  const [first, ...more] = new Map(others.map((each) => [each.email, each])).values();
  return first ? [first, ...more] : [candidates[0]];
}

/** Which of some mail addresses are of people with an open exit of their own; undefined where it cannot be told. */
export type Leaving = ReadonlyMap<string, boolean | undefined>;

/**
 * To whom a mail goes: to the first one without an open exit of their own. Where that cannot be told of one, the next one hears it too.
 * @returns the first one at all where each has one
 */
export function present<T extends Contact>(candidates: InTurn<T>, leaving: Leaving): InTurn<T> {
  const others = candidates.filter(({ email }) => leaving.get(email) !== true);
  const [first = candidates[0], next] = others;
  return next && leaving.get(first.email) === undefined ? [first, next] : [first];
}

/**
 * @param needed how many there have to be: two where a second person confirms
 * @param leaving addresses of those who have an open exit of their own
 * @returns who may decide, where the plan names them: those whom the exit concerns stand aside, and the next ones stand in
 */
export function decidersOf(
  { hrPartners, deciders = [] }: Pick<PlannedPeople, 'hrPartners' | 'deciders'>,
  { hrPartner, operator, escalateTo }: ReturnType<typeof contactsOf>,
  concern: Concern,
  needed: number,
  leaving: readonly string[],
): Contact[] {
  const byRole = { 'hr-partner': [hrPartner, ...hrPartners], escalation: [escalateTo], operator: [operator] };
  const free = new Map<string, Contact>();
  const isFree = ({ email }: Contact) =>
    !isConcerned(email, concern) && !leaving.includes(email) && !free.has(email);
  const add = (contact: Contact) => isFree(contact) && free.set(contact.email, contact);
  for (const decider of deciders) (typeof decider === 'string' ? byRole[decider] : [decider]).forEach(add);
  for (const next of [hrPartner, ...hrPartners, escalateTo, operator]) if (free.size < needed) add(next);
  return [...free.values()];
}

/**
 * @param hrPartner the one who has the exit
 * @returns for each role the people who have it, in turn
 */
export function contactsInTurn(
  { hrPartners, operator, review: { escalateTo } }: PlannedPeople,
  hrPartner: Contact | undefined,
  concern: Concern,
) {
  const partners = [...(hrPartner ? [hrPartner] : []), ...hrPartners] as [Contact, ...Contact[]];
  return {
    hrPartner: notConcerned([...partners, escalateTo, operator], concern),
    operator: notConcerned([operator, ...partners, escalateTo], concern),
    escalateTo: notConcerned([escalateTo, ...partners, operator], concern),
  };
}

/** Whom a mail says to ask: those of the roles who are there, and not the employee. */
export function whomToAsk(people: PlannedPeople, concern: Concern, leaving: Leaving) {
  const { hrPartner, operator } = contactsInTurn(people, undefined, concern);
  return { hrPartner: present(hrPartner, leaving)[0], operator: present(operator, leaving)[0] };
}

/** The ones who have the roles, as far as the exit itself knows. */
export function contactsOf(...of: Parameters<typeof contactsInTurn>) {
  const { hrPartner, operator, escalateTo } = contactsInTurn(...of);
  return { hrPartner: hrPartner[0], operator: operator[0], escalateTo: escalateTo[0] };
}
