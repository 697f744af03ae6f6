/** Who can log in at the identity provider of the embedded default: Acme's people, and the three roles. */
import { people } from './company.js';

export interface Account {
  email: string;
  name: string;
  /** Who it is, for the page. */
  what: string;
  roles: string[];
}

export const accounts: Account[] = [
  { email: 'hr@acme.example', name: 'Acme HR', what: 'HR partner', roles: ['hr'] },
  { email: 'it@acme.example', name: 'Acme IT', what: 'operator', roles: ['operator'] },
  { email: 'audit@acme.example', name: 'Acme Audit', what: 'auditor', roles: ['auditor'] },
  ...people.map(({ employeeId, name, mail }) => ({
    email: `${mail}@acme.example`,
    name,
    what: people.some(({ manager }) => manager === employeeId) ? 'manager' : 'employee',
    roles: [],
  })),
];
