import { z } from 'zod';
import { EmployeeId } from './ids.js';
import { IsoDate, MailAddress, parse, type Parsed } from './input.js';

/** What starts an exit. `{"employeeId":"E-1002"}` alone is enough. */
export interface Resignation {
  employeeId: string;
  /** The last day on the payroll, `YYYY-MM-DD`. */
  lastWorkingDay?: string | undefined;
  reason?: string | undefined;
  /** Who handed the resignation in, for the record. */
  submittedBy?: string | undefined;
  /** The mail address of who decided that the hold may take the last active member from protected groups. */
  overrideBy?: string | undefined;
}

export const ResignationFields = z.object(
  {
    employeeId: EmployeeId,
    lastWorkingDay: IsoDate.optional(),
    reason: z.string().max(2000, 'must be at most 2000 characters').optional(),
    submittedBy: z.string().max(254, 'must be at most 254 characters').optional(),
    overrideBy: MailAddress.optional(),
  },
  'must be an object such as {"employeeId":"E-1002"}',
);

/**
 * @param today the earliest date that still counts as today for whoever asks, `YYYY-MM-DD`
 */
export function parseResignation(input: unknown, today: string): Parsed<Resignation> {
  const parsed = parse<Resignation>(ResignationFields, input);
  if (!parsed.ok) return parsed;
  const { lastWorkingDay } = parsed.value;
  if (lastWorkingDay !== undefined && lastWorkingDay < today) {
    return { ok: false, problem: `lastWorkingDay: ${lastWorkingDay} lies in the past` };
  }
  return parsed;
}
