/** Tables of employees, opened as `ems resign --file` opens them. */
import { all, openRows, readTable } from '../../src/client/bulk.js';
import type { Form } from '../../src/client/forms.js';
import type { OpenedRow } from '../../src/client/opened-row.js';
import type { BothFormsWorld } from './both-forms-world.js';
import { HR, type Hired } from './world.js';

export const openTable = (
  { application }: BothFormsWorld,
  people: readonly Hired[],
  form: Form,
): Promise<OpenedRow[]> =>
  all(
    openRows(
      application,
      readTable(['employeeId', ...people.map(({ employeeId }) => employeeId)].join('\n'), form),
      { submittedBy: HR },
    ),
  );

/** Leaves no step to others that use the same engine. */
export const settled = (world: BothFormsWorld, people: readonly Hired[]) =>
  Promise.all(people.map((each) => world.untilIn('awaiting-decision', each)));
