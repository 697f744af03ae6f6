/** How a system's accounts are matched to a person: ordered keys, each an attribute of the system and a template of its value. */
import { z } from 'zod';

/** What a template may name. The employee id is always known; the others as soon as the directory or another system tells. */
export interface Person {
  employeeId: string;
  login?: string | undefined;
  email?: string | undefined;
  /** What another system's account of the same exit tells. It may be another person's name elsewhere: the directory's comes first. */
  learned?: { login?: string | undefined; email?: string | undefined } | undefined;
}

/** Of an address, what stands before the "@" (RFC 5322 §3.4.1); a login that is no address is one itself. */
const localPart = (address: string | undefined): string | undefined => address?.replace(/@[^@]*$/, '');

/** What a template may name, and its value. */
const variables: Readonly<Record<string, (person: Person) => string | undefined>> = {
  employeeId: ({ employeeId }) => employeeId,
  login: ({ login }) => login,
  loginLocalPart: ({ login }) => localPart(login),
  email: ({ email }) => email,
  emailLocalPart: ({ email }) => localPart(email),
};
export const VARIABLES = Object.keys(variables);

const MatchFields = z.object({ attribute: z.string(), template: z.string() });
/** `{ attribute: 'userName', template: 'adm-{login}' }`. */
export type Match = z.output<typeof MatchFields>;

/** Whether a template names at least one variable, and no unknown one. */
export function isTemplate(template: string): boolean {
  const named = [...template.matchAll(/\{(\w*)\}/g)].map(([, name]) => name);
  return named.length > 0 && named.every((name) => VARIABLES.some((known) => known === name));
}

/** @returns the value of the key for this person; undefined while a variable of it is not known */
export function valueOf({ template }: Match, person: Person): string | undefined {
  let isKnown = true;
  const value = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const known = variables[name]?.(person);
    isKnown &&= known !== undefined && known !== '';
    return known ?? '';
  });
  return isKnown ? value : undefined;
}

/** @returns the keys whose values are known, with them */
export const knownKeys = (keys: readonly Match[], person: Person): { attribute: string; value: string }[] =>
  keys.flatMap((key) => {
    const value = valueOf(key, person);
    return value === undefined ? [] : { attribute: key.attribute, value };
  });

/** Whether the key is the employee id itself, and so names one person for good. */
export const isById = ({ template }: Match): boolean => template === '{employeeId}';

/** @returns those by which an account shows whose it is */
export const attributesOfId = (keys: readonly Match[]): string[] =>
  keys.filter(isById).map(({ attribute }) => attribute);
