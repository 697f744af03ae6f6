import { z } from 'zod';
import { AskedFields } from './asker.js';
import { EmployeeId } from './ids.js';
import { IsoDate, parse, type Parsed } from './input.js';
import { MailAddress } from './mail-address.js';

/** The input of an exit. `{"employeeId":"E-1002"}` alone is enough. */
export type Resignation = z.output<typeof ResignationFields>;

/** An exit that its manager is told of by the mail of another one. */
const OpenedFields = z.object({
  employeeId: EmployeeId,
  exitId: z.string(),
  employeeName: z.string().optional(),
  /** `YYYY-MM-DD` */
  lastWorkingDay: IsoDate.optional(),
});
export type Opened = z.output<typeof OpenedFields>;

const TogetherFields = z.object({
  /** The employee whose exit opens after this one, and whose mail to the manager tells of this one as well. */
  toldBy: EmployeeId.optional(),
  /** Those that opened before, of which the mail to the manager tells as well. */
  tells: z.array(OpenedFields).optional(),
});
export type Together = z.output<typeof TogetherFields>;

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
    /** Of the person or program that submitted it, and overrides. */
    ...AskedFields,
    /** Mail address of the second person who confirmed the opening. */
    confirmedBy: MailAddress.optional(),
    confirmer: AskedFields.asker,
    /** When it was submitted, where it has waited for that person: ISO 8601, UTC. */
    askedAt: z.iso.datetime().optional(),
    /** Of the request that submitted it: however often it comes, it opens one exit of the employee. */
    requestId: z.string().min(1).max(1000, 'must be at most 1000 characters').optional(),
    /** Where several exits of one manager open together, and share the mail to the manager. */
    together: TogetherFields.optional(),
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
