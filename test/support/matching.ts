import type { Match } from '../../src/exit/matching.js';

/** Keys that find an account by the employee id, in this order. */
export const byEmployeeId = (...attributes: string[]): Match[] =>
  attributes.map((attribute) => ({ attribute, template: '{employeeId}' }));
