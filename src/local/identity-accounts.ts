/** Who can log in at the identity provider of the embedded default: Acme's people, and the three roles. */
import { people } from './company.js';

export interface Account {
  /** `sub`: opaque, since it stands in logs. */
  id: string;
  email: string;
  name: string;
  /** Who it is, for the page. */
  what: string;
  roles: string[];
}

export const accounts: Account[] = [
  { id: 'acme-hr', email: 'hr@acme.example', name: 'Acme HR', what: 'HR partner', roles: ['hr'] },
  {
    id: 'acme-head-of-hr',
    email: 'head-of-hr@acme.example',
    name: 'Acme Head of HR',
    what: 'HR partner, the second person',
    roles: ['hr'],
  },
  { id: 'acme-it', email: 'it@acme.example', name: 'Acme IT', what: 'operator', roles: ['operator'] },
  {
    // An address of the HR partner, since a decision is refused to one that the directory does not know.
    id: 'acme-hr-operator',
    email: 'hr+operator@acme.example',
    name: 'Acme HR and IT',
    what: 'HR partner and operator in one, for the two forms side by side',
    roles: ['hr', 'operator'],
  },
  { id: 'acme-audit', email: 'audit@acme.example', name: 'Acme Audit', what: 'auditor', roles: ['auditor'] },
  ...people.map(({ employeeId, name, mail }) => ({
    id: employeeId,
    email: `${mail}@acme.example`,
    name,
    what: people.some(({ manager }) => manager === employeeId) ? 'manager' : 'employee',
    roles: [],
  })),
];
