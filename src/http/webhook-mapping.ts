/** What the payload of a webhook asks for, by the mapping of its source. Each event of a delivery is judged by itself. */
import { get } from 'jsonpointer';
import { z } from 'zod';
import { forms, type Form } from '../client/forms.js';
import type { WebhookConfig } from '../config/config.js';
import { ResignationFields } from '../exit/resignation.js';

type Mapping = Omit<WebhookConfig, 'secrets'>;

/** `lookUp` is a mail address or a login, where the payload has no employee id. */
type Whom = { employeeId: string } | { lookUp: string };

export type Asked =
  | {
      act: 'open';
      whom: Whom;
      lastWorkingDay: string | undefined;
      reason: string | undefined;
      form: Form;
    }
  | { act: 'withdraw'; whom: Whom; by: string }
  /** Neither `opens` nor `withdraws` holds. */
  | { act: 'ignore' }
  /** One sentence that names the pointer. */
  | { act: 'refuse'; problem: string };

/** An event that opens or withdraws lacks what that needs. */
class Unmapped extends Error {
  override readonly name = 'Unmapped';
}

const { employeeId: EmployeeId, login: Login, lastWorkingDay, reason: Reason } = ResignationFields.shape;
/** A time behind the date is left out. */
const Day = z.preprocess((text) => String(text).replace(/[T ].*/, ''), lastWorkingDay);
const FormName = z.enum(forms, `must be one of ${forms.join(', ')}`);

/** @param payload JSON */
export function askedIn(payload: unknown, mapping: Mapping): Asked[] {
  const { each } = mapping;
  const events = at(payload, each);
  if (each === '') return [askedBy(events, '', mapping)];
  if (!Array.isArray(events)) return [{ act: 'refuse', problem: `${each}: must be a list` }];
  return events.map((event, i) => askedBy(event, `${each}/${i}`, mapping));
}

function askedBy(event: unknown, place: string, mapping: Mapping): Asked {
  const { opens, withdraws, withdrawnBy, employeeId, lookUp, form } = mapping;

  /** @returns undefined where the member is absent, null or empty */
  function read<T>(pointer: string | undefined, schema: z.ZodType<T>): T | undefined {
    const value = pointer === undefined ? undefined : at(event, pointer);
    if (value === undefined || value === null || value === '') return undefined;
    const isPlain = typeof value === 'string' || typeof value === 'number';
    if (!isPlain) throw new Unmapped(`${place}${pointer}: must be a text or a number`);
    const { data, error } = schema.safeParse(String(value).trim());
    if (error)
      throw new Unmapped(`${place}${pointer}: ${error.issues.map(({ message }) => message).join(', ')}`);
    return data;
  }

  function whom(): Whom {
    const id = read(employeeId, EmployeeId);
    if (id !== undefined) return { employeeId: id };
    const address = read(lookUp, Login);
    if (address !== undefined) return { lookUp: address };
    throw new Unmapped(`${place}${employeeId ?? lookUp}: must name the employee, and is missing`);
  }

  function formOf(): Form {
    const named = forms.find((each) => each === form) ?? read(form, FormName);
    if (named) return named;
    throw new Unmapped(`${place}${form}: must be one of ${forms.join(', ')}, and is missing`);
  }

  try {
    if (withdraws && holds(event, withdraws)) return { act: 'withdraw', whom: whom(), by: withdrawnBy! };
    if (!holds(event, opens)) return { act: 'ignore' };
    return {
      act: 'open',
      whom: whom(),
      lastWorkingDay: read(mapping.lastWorkingDay, Day),
      reason: read(mapping.reason, Reason),
      form: formOf(),
    };
  } catch (error) {
    if (!(error instanceof Unmapped)) throw error;
    return { act: 'refuse', problem: error.message };
  }
}

const holds = (event: unknown, condition: Mapping['opens']): boolean =>
  Object.entries(condition).every(([pointer, values]) => values.includes(String(at(event, pointer))));

const at = (value: unknown, pointer: string): unknown =>
  typeof value === 'object' && value !== null ? (get(value, pointer) as unknown) : undefined;
