/** Webhooks of an HRIS: how a payload becomes an exit, or its withdrawal. */
import { z } from 'zod';
import { MailAddress } from '../exit/mail-address.js';
import { Name, VariableName } from './fields.js';

/** RFC 6901. The empty pointer is the whole payload. */
const isPointer = (text: string): boolean => /^(\/([^~/]|~[01])*)*$/.test(text);
const Pointer = z.string().refine(isPointer, 'must be a JSON pointer such as /employee/id (RFC 6901)');

const Value = z.union([z.string(), z.number(), z.boolean()]).transform(String);
/** By pointer: the value, or one of several, that it must have. All of them must hold. */
const Condition = z
  .record(
    z.string(),
    z.union([Value, z.array(Value).min(1)]).transform((values) => [values].flat()),
  )
  .refine((all) => Object.keys(all).length > 0, 'must have at least one JSON pointer')
  .refine((all) => Object.keys(all).every(isPointer), 'must have JSON pointers such as /type (RFC 6901)');

const fixedForms = new Set(['orchestrated', 'choreographed']);

export const Webhook = z
  .strictObject({
    /** The last part of the address: `/api/v1/webhooks/<source>`. */
    source: Name,
    /** The environment variable with the secrets, with spaces or commas between: each of them counts, so that one can be rotated. */
    secretsEnv: VariableName,
    /** The list in the payload, where one delivery tells of several employees; default: the payload is one event. */
    each: Pointer.default(''),
    /** Which events open an exit. Pointers begin at the element of `each`. */
    opens: Condition,
    /** Which events withdraw the open exit of the employee. */
    withdraws: Condition.optional(),
    /** In whose name it is withdrawn. */
    withdrawnBy: MailAddress.optional(),
    employeeId: Pointer.optional(),
    /** A mail address or a login of the employee, which the directory knows. */
    lookUp: Pointer.optional(),
    /** `YYYY-MM-DD`, also with a time behind it. */
    lastWorkingDay: Pointer.optional(),
    reason: Pointer.optional(),
    form: z
      .string()
      .refine(
        (text) => fixedForms.has(text) || (text !== '' && isPointer(text)),
        'must be "orchestrated", "choreographed", or a JSON pointer',
      )
      .default('orchestrated'),
  })
  .refine(({ employeeId, lookUp }) => (employeeId === undefined) !== (lookUp === undefined), {
    message: 'must have either "employeeId" or "lookUp"',
  })
  .refine(({ withdraws, withdrawnBy }) => (withdraws === undefined) === (withdrawnBy === undefined), {
    message: 'must have "withdraws" and "withdrawnBy" together',
  });
