/** Reads what an exit would find and do, and changes nothing. */
import { isManual, type Config } from '../config/config.js';
import { FailureType, FinalFailure, isFinalFailure, untoldIn } from '../exit/failures.js';
import type { Capture, GroupRef, HoldKind } from '../exit/hold-facts.js';
import type { Person } from '../exit/matching.js';
import type { Contact, Employee } from '../exit/people.js';
import { createAccess, createDirectory } from '../services/from-config.js';

export interface Preview {
  /** Absent where the directory has no such employee. */
  employee?: Employee | undefined;
  /** Why the directory did not answer. */
  directoryProblem?: string | undefined;
  /** A server spells the employee id differently: EMS opens no exit under this spelling. */
  spellingProblem?: string | undefined;
  systems: PreviewedSystem[];
}

export interface PreviewedSystem {
  name: string;
  hold: HoldKind;
  /** The owner of a manual system, who is asked. */
  owner?: Contact;
  capture?: Capture;
  /** Why it cannot be told whether the employee has further accounts, which the hold would not have. */
  untold?: string;
  /** What a revocation would remove. */
  memberships?: GroupRef[];
  /** Why the hold would be refused, or could not be told. */
  doubts?: string[];
  /** Names of the protected groups that the hold would leave without an active member. */
  lastOf?: string[];
  /** Those of which the system does not tell who else is in them. */
  maybeLastOf?: string[];
  problem?: string;
}

/** Rows of a table share the rate limit of a system, and what the system says of itself. */
const opened = new WeakMap<Config['systems'], ReturnType<typeof createAccess>>();

function accessOf(config: Config): ReturnType<typeof createAccess> {
  const { systems } = config;
  const access = opened.get(systems) ?? createAccess(config);
  opened.set(systems, access);
  access.catch(() => opened.delete(systems));
  return access;
}

/**
 * @param withinMs a server that has not answered by then is a problem in the preview
 * @param known as the directory told a moment ago; default: it is asked
 */
export async function previewOf(
  config: Config,
  person: Person,
  withinMs: number,
  known?: Employee,
): Promise<Preview> {
  const { employeeId } = person;
  const access = await accessOf(config);
  const signal = AbortSignal.timeout(withinMs);
  const directory = known
    ? { employee: known }
    : createDirectory(config)
        .lookUp(employeeId, signal)
        .then((employee) => ({ employee }), problemOf);
  const systems = config.systems.map(async (system): Promise<PreviewedSystem> => {
    const { name, hold } = system;
    const shown = { name, hold };
    if (isManual(system)) return { ...shown, owner: system.owner };
    try {
      const service = access.get(name)!;
      const capture = await service.capture(person, hold, signal);
      const { accounts, unfound } = capture;
      const seen = { ...shown, capture, ...(unfound && { untold: untoldIn({ message: unfound.error }) }) };
      if (accounts.length === 0) return seen;
      const memberships: GroupRef[] = [];
      const lastOf: string[] = [];
      const maybeLastOf: string[] = [];
      const doubts: string[] = [];
      for (const account of accounts) {
        const { id, userName } = account;
        const foreseen = await service.foresee(id, hold, signal);
        doubts.push(...foreseen.map((doubt) => `${userName}: ${doubt}`));
        const left = await service.memberships(id, signal).catch((error: unknown) => {
          if (!isFinalFailure(error, FailureType.CannotTell, FailureType.Refused)) throw error;
          doubts.push(`${userName}: what a revocation removes is not told: ${untoldIn(error)}`);
          return [];
        });
        memberships.push(...left);
        const { last, untold } = await service.wouldBeLast(account, hold, signal);
        lastOf.push(...last);
        maybeLastOf.push(...untold);
      }
      return { ...seen, memberships, lastOf, maybeLastOf, doubts };
    } catch (error) {
      return { ...shown, problem: (error as Error).message };
    }
  });
  return { ...(await directory), systems: await Promise.all(systems) };
}

/**
 * Whether no directory and no system knows the employee: the id is probably mistyped. A manual system cannot tell, and neither can one that
 * did not answer for a key that it was asked for. Of a mistyped id, other keys are not known.
 */
export const isUnknownEverywhere = ({ employee, directoryProblem, systems }: Preview): boolean =>
  !employee &&
  !directoryProblem &&
  systems.every(({ capture }) => capture?.accounts.length === 0 && (capture.unfound?.isKeyUnknown ?? true));

function problemOf(error: Error): Pick<Preview, 'directoryProblem' | 'spellingProblem'> {
  const type = error instanceof FinalFailure ? error.type : undefined;
  if (type === FailureType.UnknownEmployee) return {};
  if (type === FailureType.OtherSpelling) return { spellingProblem: error.message };
  return { directoryProblem: error.message };
}
