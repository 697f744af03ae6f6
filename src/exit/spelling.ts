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
