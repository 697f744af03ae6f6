/** Who may act on an exit: decide, amend, hand over. Those whom it concerns may not, and neither may a stranger. */
import { reaches } from './mail-address.js';
import type { Contact } from './people.js';

/** Of whom a mail address is, by the directory; or why it does not tell. */
export type Whose = { employeeIds: string[] } | { problem: string };

/** Of the one who acts, and of the one whose proposal they confirm; undefined where it was not looked up. */
export interface Looked {
  actor?: Whose | undefined;
  proposer?: Whose | undefined;
}

/** As the event carries it. */
export const idsOf = ({ actor, proposer }: Looked) => ({
  ...(actor && 'employeeIds' in actor && { actorIds: actor.employeeIds }),
  ...(proposer && 'employeeIds' in proposer && { proposerIds: proposer.employeeIds }),
});

/** As the event has it. */
export const lookedIn = ({
  actorIds,
  proposerIds,
}: {
  actorIds?: string[] | undefined;
  proposerIds?: string[] | undefined;
}): Looked => ({
  actor: actorIds && { employeeIds: actorIds },
  proposer: proposerIds && { employeeIds: proposerIds },
});

/** @returns why the person may not act: one sentence that begins with the field */
export type Acting = (field: string, address: string) => string | undefined;

interface Concern {
  employeeId: string;
  /** Names and addresses of the employee from the directory and the critical systems. */
  identities: Iterable<string>;
}

export interface Actors extends Concern {
  /** The addresses that the plan names: they need no look-up. */
  named: readonly string[];
  /** Of any other address; undefined where it was not looked up. */
  whose?: Whose | undefined;
}

/** Whether an address is the employee's, in whichever spelling. */
export const isConcerned = (address: string, { employeeId, identities }: Concern): boolean =>
  reaches(address, [employeeId, ...identities]);

const concerned = (field: string, address: string): string =>
  `${field}: ${address} is the employee concerned, who cannot decide on their own exit`;

/** Whether the one who confirms is another person than the one who proposed, who may have several addresses. */
export function notTheProposer(
  field: string,
  address: string,
  proposer: string,
  looked: Looked,
): string | undefined {
  const second = 'a second person is to confirm it';
  if (reaches(address, [proposer])) return `${field}: ${proposer} has proposed it, so ${second}`;
  const { actorIds: own, proposerIds: theirs } = idsOf(looked);
  if (own && theirs)
    return own.some((id) => theirs.includes(id))
      ? `${field}: ${address} is the same person as ${proposer}, who has proposed it, so ${second}`
      : undefined;
  const untold = own ? looked.proposer : looked.actor;
  const why = untold && 'problem' in untold ? untold.problem : 'they were not looked up in the directory';
  return `${field}: cannot tell whether ${address} and ${proposer} are two people: ${why}. Try again`;
}

/** An operator may be any person except the employee. */
export const notTheEmployee =
  (concern: Concern): Acting =>
  (field, address) =>
    isConcerned(address, concern) ? concerned(field, address) : undefined;

export const notAStranger =
  (actors: Actors): Acting =>
  (field, address) => {
    const { named, whose, employeeId } = actors;
    if (isConcerned(address, actors)) return concerned(field, address);
    if (reaches(address, named)) return undefined;
    if (!whose) return `${field}: ${address} was not looked up in the directory: act through EMS`;
    if ('problem' in whose)
      return `${field}: cannot tell whose ${address} is: ${whose.problem}. Try again, or act as ${named[0]}`;
    if (whose.employeeIds.length === 0)
      return `${field}: ${address} is of no HR partner of this exit, and the directory knows no such address: act under one that it knows`;
    return whose.employeeIds.includes(employeeId) ? concerned(field, address) : undefined;
  };

/** @param deciders whom the plan names */
export const notADecider =
  (deciders: readonly Contact[]): Acting =>
  (field, address) => {
    const addresses = deciders.map(({ email }) => email);
    if (reaches(address, addresses)) return undefined;
    const those = deciders.map(({ name, email }) => `${name} (${email})`).join(', ');
    return `${field}: ${address} does not decide on this exit: ask ${those}`;
  };
