import { z } from 'zod';
import { EmployeeId } from './ids.js';
import { IsoDate, MailAddress, parse, type Parsed } from './input.js';

/** What starts an exit. `{"employeeId":"E-1002"}` alone is enough. */
export type Resignation = z.output<typeof ResignationFields>;

export const ResignationFields = z.object(
  {
    employeeId: EmployeeId,
    /** The last day on the payroll. */
    lastWorkingDay: IsoDate.optional(),
    reason: z.string().max(2000, 'must be at most 2000 characters').optional(),
    /** Who handed the resignation in, for the record. */
    submittedBy: z.string().max(254, 'must be at most 254 characters').optional(),
    /** Who decided that the hold may take the last active member from protected groups. */
    overrideBy: MailAddress.optional(),
  },
  'must be an object such as {"employeeId":"E-1002"}',
);

/**
 * @param today the earliest date that still counts as today for whoever asks, `YYYY-MM-DD`
 */
export const parseResignation = (input: unknown, today: string): Parsed<Resignation> =>
  parse(ResignationFields, input, ({ lastWorkingDay }) =>
    lastWorkingDay !== undefined && lastWorkingDay < today
      ? `lastWorkingDay: ${lastWorkingDay} lies in the past`
      : undefined,
  );
