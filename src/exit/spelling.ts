import { FailureType, FinalFailure } from './failures.js';

/**
 * Servers may compare an employee id without regard to case, and two spellings would be two exits of one person.
 * @throws FinalFailure OtherSpelling
 */
export function assertSpelling(found: string, employeeId: string, where: string): void {
  if (found === employeeId) return;
  throw new FinalFailure(
    FailureType.OtherSpelling,
    `${where} knows the employee as "${found}", not as "${employeeId}": use that spelling`,
  );
}
