import { titleOf } from '../exit/people.js';
import { Refusal } from '../exit/refusal.js';
import type { Preview, PreviewedSystem } from './preview.js';

/** What a hold on a system needs an override for, after the name of the employee. */
export const protectionsOf = ({ name, lastOf = [], maybeLastOf = [] }: PreviewedSystem): string[] => [
  ...(lastOf.length > 0 ? [`is the last active member of ${lastOf.join(', ')} on ${name}`] : []),
  ...(maybeLastOf.length > 0
    ? [
        `may be the last active member of ${maybeLastOf.join(', ')} on ${name}, which does not tell who else is`,
      ]
    : []),
];

/** The refusal of an exit that needs an override. */
export function lastOfProtected(employeeId: string, { employee, systems }: Preview): Refusal | undefined {
  const guarded = systems.filter((system) => protectionsOf(system).length > 0);
  if (guarded.length === 0) return undefined;
  const groups = guarded.flatMap(({ name, lastOf = [], maybeLastOf = [] }) =>
    [...lastOf, ...maybeLastOf].map((group) => `${group} on ${name}`),
  );
  const name = titleOf({ employeeId, employeeName: employee?.displayName });
  return new Refusal('last-of-protected-group', `${name} ${guarded.flatMap(protectionsOf).join('; ')}`, {
    employeeId,
    groups,
    systems: guarded.map((system) => system.name),
  });
}
