import { titleOf } from '../exit/people.js';
import { Refusal } from '../exit/refusal.js';
import type { Preview } from './preview.js';

/** The refusal of an exit that needs an override. */
export function lastOfProtected(employeeId: string, { employee, systems }: Preview): Refusal | undefined {
  const guarded = systems.filter(({ lastOf }) => lastOf?.length);
  if (guarded.length === 0) return undefined;
  const groups = guarded.map(({ name, lastOf }) => `${lastOf!.join(', ')} on ${name}`);
  const name = titleOf({ employeeId, employeeName: employee?.displayName });
  return new Refusal('last-of-protected-group', `${name} is the last active member of ${groups.join('; ')}`, {
    ...{ employeeId, groups, systems: guarded.map(({ name }) => name) },
  });
}
