/**
 * Who may act on an exit: decide, amend, hand over, resolve. The employee may not, and neither may a stranger, nor a person who has an open
 * exit of their own: from its opening until it is closed.
 */
import { reaches } from './mail-address.js';
import type { Contact } from './people.js';

/** Of whom a mail address is, by the directory, and which of these employees have an open exit; or why it cannot be told. */
export type Whose = { employeeIds: string[]; openExits: string[] } | { problem: string };

/** Whether an employee has an open exit, by the record of the exits. @throws Error where that cannot be told */
export type HasOpenExit = (employeeId: string, signal: AbortSignal) => Promise<boolean>;

/** Of the one who acts, and of the one whose proposal they confirm; undefined where it was not looked up. */
export interface Looked {
  actor?: Whose | undefined;
  proposer?: Whose | undefined;
  /** The addresses of deciders who have an open exit of their own: the next ones stand in. */
  leaving?: readonly string[] | undefined;
}

/** For a first look, before the directory is asked: the addresses count as those of two people who may act. */
export const notYetLooked: Looked = {
  actor: { employeeIds: ['not yet looked up'], openExits: [] },
  proposer: { employeeIds: ['nor this one'], openExits: [] },
};

/** The addresses that have to be looked up before an exit can weigh an act. */
export interface LookUps {
  /** Undefined for the employee concerned, who needs none. */
  actor?: string | undefined;
  proposer?: string | undefined;
  /** Those who decide, where the one who acts is none of them. */
  deciders: readonly string[];
}

/** @param whose asks the directory and the record of the exits */
export async function lookUp(
  { actor, proposer, deciders }: LookUps,
  whose: (address: string) => Promise<Whose>,
): Promise<Looked> {
  if (actor === undefined) return {};
  const [ofActor, ofProposer, ofDeciders] = await Promise.all([
    whose(actor),
    proposer === undefined ? Promise.resolve(undefined) : whose(proposer),
    Promise.all(deciders.map(whose)),
  ]);
  const leaving = deciders.filter((_, at) => isLeaving(ofDeciders[at]!));
  return { actor: ofActor, proposer: ofProposer, ...(leaving.length > 0 && { leaving }) };
}

/** Whether a person has an open exit of their own; false also where it cannot be told. */
const isLeaving = (whose: Whose): boolean => 'openExits' in whose && whose.openExits.length > 0;

/** As the event carries it. */
export const idsOf = ({ actor, proposer, leaving }: Looked) => ({
  ...(leaving && { leaving: [...leaving] }),
  ...(actor && 'employeeIds' in actor && { actorIds: actor.employeeIds }),
  ...(proposer && 'employeeIds' in proposer && { proposerIds: proposer.employeeIds }),
});

/** As the event has it: an act of a person with an open exit of their own is never recorded. */
export const lookedIn = ({
  actorIds,
  proposerIds,
  leaving,
}: {
  actorIds?: string[] | undefined;
  proposerIds?: string[] | undefined;
  leaving?: string[] | undefined;
}): Looked => ({
  leaving,
  actor: actorIds && { employeeIds: actorIds, openExits: [] },
  proposer: proposerIds && { employeeIds: proposerIds, openExits: [] },
});

/** @returns why the person may not act: one sentence that begins with the field */
export type Acting = (field: string, address: string) => string | undefined;

interface Concern {
  employeeId: string;
  /** Names and addresses of the employee from the directory and the critical systems. */
  identities: Iterable<string>;
}

export interface Actors extends Concern {
  /** The addresses that the plan names: they are no strangers, whatever the directory knows. */
  named: readonly string[];
  /** Undefined where it was not looked up: an act of a named person counts in the stream also where it came past EMS. */
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
  const other = own ? looked.proposer : looked.actor;
  const why = other && 'problem' in other ? other.problem : 'they were not looked up in the directory';
  return `${field}: cannot tell whether ${address} and ${proposer} are two people: ${why}. Try again`;
}

/** Whether the address turns out to be of the employee, or of a person who has an open exit of their own. */
function notLeaving(field: string, address: string, whose: Whose, employeeId: string): string | undefined {
  if ('problem' in whose) return undefined;
  if (whose.employeeIds.includes(employeeId)) return concerned(field, address);
  return isLeaving(whose)
    ? `${field}: ${address} has an open exit of their own, and acts in no other one until it is closed: another person is to act`
    : undefined;
}

const untold = (field: string, address: string, problem: string): string =>
  `${field}: cannot tell whose ${address} is, and whether they have an open exit themselves: ${problem}. Try again`;

/** An operator may be any person except the employee. */
export const notTheEmployee =
  (concern: Concern): Acting =>
  (field, address) =>
    isConcerned(address, concern) ? concerned(field, address) : undefined;

/** @param isOverride which is refused where it cannot be told whose the address is. Any other resolution may be what mends the directory */
export const anOperator =
  (concern: Concern, whose: Whose | undefined, isOverride = false): Acting =>
  (field, address) => {
    if (isConcerned(address, concern)) return concerned(field, address);
    if (!whose) return undefined;
    if ('problem' in whose) return isOverride ? untold(field, address, whose.problem) : undefined;
    return notLeaving(field, address, whose, concern.employeeId);
  };

export const notAStranger =
  (actors: Actors): Acting =>
  (field, address) => {
    const { named, whose, employeeId } = actors;
    if (isConcerned(address, actors)) return concerned(field, address);
    const isNamed = reaches(address, named);
    if (!whose)
      return isNamed ? undefined : `${field}: ${address} was not looked up in the directory: act through EMS`;
    if ('problem' in whose) return untold(field, address, whose.problem);
    if (!isNamed && whose.employeeIds.length === 0)
      return `${field}: ${address} is of no HR partner of this exit, and the directory knows no such address: act under one that it knows`;
    return notLeaving(field, address, whose, employeeId);
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
