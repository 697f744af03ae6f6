/** The people with a role in an exit. Where the one with the role is the employee, the next one stands in. */
import { isConcerned } from './acting.js';
import type { Plan } from './plan.js';
import type { Contact } from './people.js';

interface Concern {
  employeeId: string;
  identities: Iterable<string>;
}

/**
 * @param candidates in the order in which they stand in for one another
 * @returns the first one who is not the employee; the first one at all where each is
 */
export const notConcerned = <T extends Contact>(candidates: readonly [T, ...T[]], concern: Concern): T =>
  candidates.find(({ email }) => !isConcerned(email, concern)) ?? candidates[0];

/**
 * @param needed how many there have to be: two where a second person confirms
 * @returns who may decide, where the plan names them: those whom the exit concerns stand aside, and the next ones stand in
 */
export function decidersOf(
  { hrPartners, deciders = [] }: Plan,
  { hrPartner, operator, escalateTo }: ReturnType<typeof contactsOf>,
  concern: Concern,
  needed: number,
): Contact[] {
  const byRole = { 'hr-partner': [hrPartner, ...hrPartners], escalation: [escalateTo], operator: [operator] };
  const free = new Map<string, Contact>();
  const add = (contact: Contact) =>
    !isConcerned(contact.email, concern) && !free.has(contact.email) && free.set(contact.email, contact);
  for (const decider of deciders) (typeof decider === 'string' ? byRole[decider] : [decider]).forEach(add);
  for (const next of [hrPartner, ...hrPartners, escalateTo, operator]) if (free.size < needed) add(next);
  return [...free.values()];
}

/** @param hrPartner the one who has the exit */
export function contactsOf(
  { hrPartners, operator, review: { escalateTo } }: Plan,
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
