import { z } from 'zod';
import { EmployeeId } from './ids.js';
import { IsoDate, parse, type Parsed } from './input.js';
import { MailAddress } from './mail-address.js';

/** The input of an exit. `{"employeeId":"E-1002"}` alone is enough. */
export type Resignation = z.output<typeof ResignationFields>;

export const ResignationFields = z.object(
  {
    employeeId: EmployeeId,
    /** The employee's login and mail address, where systems know no employee id and the directory does not tell. */
    login: z.string().min(1).max(254, 'must be at most 254 characters').optional(),
    email: MailAddress.optional(),
    /** The last day on the payroll, `YYYY-MM-DD`. */
    lastWorkingDay: IsoDate.optional(),
    reason: z.string().max(2000, 'must be at most 2000 characters').optional(),
    /** The person or program that submitted the resignation, for the record. */
    submittedBy: z.string().max(254, 'must be at most 254 characters').optional(),
    /** Mail address of the person who allowed the hold to take the last active member of a protected group. */
    overrideBy: MailAddress.optional(),
    /** Mail address of the second person who confirmed the opening. */
    confirmedBy: MailAddress.optional(),
    /** Of the request that submitted it: however often it comes, it opens one exit of the employee. */
    requestId: z.string().min(1).max(1000, 'must be at most 1000 characters').optional(),
  },
  'must be an object such as {"employeeId":"E-1002"}',
);

/** @param today the earliest date that counts as today for the caller, `YYYY-MM-DD` */
export const parseResignation = (input: unknown, today: string): Parsed<Resignation> =>
  parse(ResignationFields, input, ({ lastWorkingDay }) =>
    lastWorkingDay !== undefined && lastWorkingDay < today
      ? `lastWorkingDay: ${lastWorkingDay} lies in the past`
      : undefined,
  );
