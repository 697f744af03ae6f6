import type { Employee } from '../exit/people.js';
import type { DirectoryService } from '../services/directory/directory.js';
import { attempt } from './attempt.js';

export function createDirectoryActivities(directory: DirectoryService) {
  return {
    /** @returns the employee ids of the people with a mail address */
    whose: (address: string): Promise<string[]> => attempt(({ signal }) => directory.whose(address, signal)),

    lookUpEmployee: ({ employeeId }: { employeeId: string }): Promise<Employee> =>
      attempt(({ signal }) => directory.lookUp(employeeId, signal)),
  };
}

export type DirectoryActivities = ReturnType<typeof createDirectoryActivities>;
