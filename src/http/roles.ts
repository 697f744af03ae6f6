/** The roles, and what each of them and a program may do. */
export const roles = ['hr', 'operator', 'auditor'] as const;
export type Role = (typeof roles)[number];

/** What the API and the console do for a person or a program. */
export const acts = ['read', 'open', 'decide', 'amend', 'resolve', 'interview', 'report'] as const;
export type Act = (typeof acts)[number];

/** The OAuth scope that lets a token do it. */
export const scopeOf = (act: Act): string => `exits:${act}`;

export const actsOf: Record<Role, readonly Act[]> = {
  hr: ['read', 'open', 'decide', 'amend', 'interview', 'report'],
  operator: ['read', 'resolve', 'report'],
  auditor: ['read', 'report'],
};

/** A decision and a resolution are a person's, whose address is in the record. */
export const actsOfPrograms: readonly Act[] = ['read', 'open', 'report'];
