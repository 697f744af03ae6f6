/** The final pay of one exit: what is drafted on the resignation, and what becomes of the draft. No NATS in here. */

export interface Resigned {
  employeeId: string;
  /** `YYYY-MM-DD` */
  lastWorkingDay?: string | undefined;
}

export interface Decided {
  outcome: 'retained' | 'leaving';
  /** Leaving only: when it takes effect. Until then it may still become retained. ISO 8601, UTC. */
  effectiveAt?: string | undefined;
}

/** What is remembered of one exit. */
export interface FinalPay {
  employeeId: string;
  state: 'draft' | 'prepared' | 'discarded';
  lastWorkingDay?: string | undefined;
  /** Counted from the day of the resignation. */
  daysUntilLastWorkingDay?: number | undefined;
  /** What somebody in payroll has to find out or to collect. */
  openItems: string[];
  /** Until when *leaving* may still be taken back: ISO 8601, UTC. */
  revocableUntil?: string | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** @param at when the employee resigned: ISO 8601, UTC */
export function draft({ employeeId, lastWorkingDay }: Resigned, at: string): FinalPay {
  const openItems = ['holidays not taken', 'expenses not claimed', 'equipment not returned'];
  if (lastWorkingDay === undefined)
    return { employeeId, state: 'draft', openItems: ['the last working day', ...openItems] };
  const days = Math.round((Date.parse(lastWorkingDay) - Date.parse(at.slice(0, 10))) / DAY_MS);
  return { employeeId, state: 'draft', lastWorkingDay, daysUntilLastWorkingDay: days, openItems };
}

/**
 * The first decision stands; only a *leaving* that still waits for its day may become *retained*.
 * @param at when it was decided: ISO 8601, UTC
 * @returns undefined where the decision changes nothing
 */
export function settle(pay: FinalPay, { outcome, effectiveAt }: Decided, at: string): FinalPay | undefined {
  const isTakenBack = pay.state === 'prepared' && outcome === 'retained' && at < (pay.revocableUntil ?? '');
  if (pay.state !== 'draft' && !isTakenBack) return undefined;
  const { revocableUntil: _, ...rest } = pay;
  if (outcome === 'retained') return { ...rest, state: 'discarded' };
  return { ...rest, state: 'prepared', ...(effectiveAt && { revocableUntil: effectiveAt }) };
}
