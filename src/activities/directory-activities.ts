import type { Employee } from '../exit/people.js';
import type { DirectoryService } from '../services/directory/directory.js';
import { attempt } from './attempt.js';

export function createDirectoryActivities(directory: DirectoryService) {
  return {
    lookUpEmployee: ({ employeeId }: { employeeId: string }): Promise<Employee> =>
      attempt(({ signal }) => directory.lookUp(employeeId, signal)),
  };
}

export type DirectoryActivities = ReturnType<typeof createDirectoryActivities>;
