import type { Employee } from '../exit/people.js';
import type { DirectoryService, Told } from '../services/directory/directory.js';
import { attempt } from './attempt.js';

export function createDirectoryActivities(directory: DirectoryService) {
  return {
    /** Of whom a mail address is, and who of them has an open exit. */
    whose: (address: string): Promise<Told> => attempt(({ signal }) => directory.whose(address, signal)),

    lookUpEmployee: ({ employeeId }: { employeeId: string }): Promise<Employee> =>
      attempt(({ signal }) => directory.lookUp(employeeId, signal)),
  };
}

export type DirectoryActivities = ReturnType<typeof createDirectoryActivities>;
