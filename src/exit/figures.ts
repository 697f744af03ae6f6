import type { ListedPhase } from './exits.js';
import type { WaitingOpening } from './opening.js';

/** The open exits of one form, in numbers. */
export interface Figures {
  open: ReadonlyMap<ListedPhase, number>;
  needsAttention: number;
  overdue: number;
  /** When the oldest exit without a decision was opened, ISO 8601; undefined where there is none. */
  oldestUndecided: string | undefined;
  /** How many openings wait for a second person, and since when the oldest one does: ISO 8601. */
  openings: { count: number; oldest: string | undefined };
}

interface Counted {
  phase: ListedPhase;
  needsAttention: boolean;
  openedAt: string;
  reviewBy?: string | undefined;
}

const UNDECIDED = new Set<ListedPhase>(['starting', 'awaiting-decision', 'awaiting-confirmation']);

export function figuresOf(
  exits: readonly Counted[],
  openings: readonly WaitingOpening[],
  now: string,
): Figures {
  const open = new Map<ListedPhase, number>();
  for (const { phase } of exits) open.set(phase, 1 + (open.get(phase) ?? 0));
  const undecided = exits.filter(({ phase }) => UNDECIDED.has(phase));
  return {
    open,
    needsAttention: exits.filter(({ needsAttention }) => needsAttention).length,
    overdue: undecided.filter(({ reviewBy }) => reviewBy !== undefined && reviewBy < now).length,
    oldestUndecided: undecided.map(({ openedAt }) => openedAt).toSorted()[0],
    openings: { count: openings.length, oldest: openings.map(({ askedAt }) => askedAt).toSorted()[0] },
  };
}
