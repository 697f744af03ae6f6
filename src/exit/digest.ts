/** The weekly digest for HR: the open exits, the most urgent first. */
import type { ListedExit } from './exits.js';
import { FailureType, isFinalFailure } from './failures.js';

/** In one mail; the others are counted. */
const MOST_SHOWN = 50;

type Listed = Pick<
  ListedExit,
  'employeeId' | 'exitId' | 'phase' | 'needsAttention' | 'reviewBy' | 'lastWorkingDay'
>;

interface DigestExit {
  employeeId: string;
  exitId: string;
  /** Of the directory, where it has told. */
  name?: string | undefined;
  needsAttention: boolean;
  isOverdue: boolean;
  awaits: 'hr' | 'second' | 'date' | 'ems';
  reviewBy?: string | undefined;
  lastWorkingDay?: string | undefined;
}

export interface Digest {
  /** How many exits are open, need attention, and have an overdue decision. */
  open: number;
  attention: number;
  overdue: number;
  exits: DigestExit[];
}

/** @param now ISO 8601, UTC */
export function digestOf(open: readonly Listed[], now: string): Digest {
  const exits = open.map((exit): DigestExit => {
    const { employeeId, exitId, phase, needsAttention, reviewBy, lastWorkingDay } = exit;
    const isOverdue = reviewBy !== undefined && Date.parse(reviewBy) < Date.parse(now);
    const about = { employeeId, exitId, needsAttention, isOverdue, reviewBy, lastWorkingDay };
    return { ...about, awaits: awaits[phase as keyof typeof awaits] ?? 'ems' };
  });
  return {
    open: exits.length,
    attention: exits.filter(({ needsAttention }) => needsAttention).length,
    overdue: exits.filter(({ isOverdue }) => isOverdue).length,
    exits: exits.toSorted(byUrgency).slice(0, MOST_SHOWN),
  };
}

const awaits = {
  'awaiting-decision': 'hr',
  'awaiting-confirmation': 'second',
  'awaiting-effective-date': 'date',
} as const;

function byUrgency(a: DigestExit, b: DigestExit): number {
  const rank = ({ isOverdue, needsAttention }: DigestExit) => Number(isOverdue) + Number(needsAttention);
  const due = ({ reviewBy, lastWorkingDay }: DigestExit) => reviewBy ?? lastWorkingDay ?? '9999';
  return rank(b) - rank(a) || due(a).localeCompare(due(b)) || a.employeeId.localeCompare(b.employeeId);
}

/** Of each employee whom the directory tells. An outage of the directory holds up no digest: the other names are left out. */
export async function withNames(
  digest: Digest,
  lookUp: (employeeId: string) => Promise<{ displayName: string }>,
): Promise<Digest> {
  const exits: DigestExit[] = [];
  let isTold = true;
  for (const exit of digest.exits) {
    const unnamed = (error: unknown): undefined => {
      isTold = isFinalFailure(error, FailureType.UnknownEmployee);
    };
    const employee = isTold ? await lookUp(exit.employeeId).catch(unnamed) : undefined;
    exits.push({ ...exit, name: employee?.displayName });
  }
  return { ...digest, exits };
}
