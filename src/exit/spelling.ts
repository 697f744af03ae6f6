import { z } from 'zod';
import { FailureType, FinalFailure } from './failures.js';

/**
 * A server may compare an employee id case-insensitively. Two spellings would then be two exits of one person.
 * @throws FinalFailure OtherSpelling
 */
export function assertSpelling(found: string, employeeId: string, where: string): void {
  if (found === employeeId) return;
  throw new FinalFailure(
    FailureType.OtherSpelling,
    `${where} spells the employee id "${found}", not "${employeeId}": use that spelling`,
  );
}

/** Upper and lower case, and accents, do not matter to a person who searches. */
export const searchable = (text: string): string =>
  text.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase().replaceAll(/\s+/g, ' ').trim();

/** A part of a name. One letter would find nearly all. */
export const SearchText = z
  .string()
  .trim()
  .min(2, 'must be at least 2 characters')
  .max(100, 'must be at most 100 characters');
