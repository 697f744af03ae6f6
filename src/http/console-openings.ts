/** The openings that wait for a second person: a list of them, a typed confirmation, or a rejection. */
import { Refusal } from '../exit/refusal.js';
import type { EndedOpening } from '../client/openings.js';
import { fieldsOf, shownProblem } from './console-forms.js';
import type { ConsoleRoutes, Seen } from './console-routes.js';
import { languageOf, languages, type Part } from './pages.js';

export function routeConsoleOpenings({ page, form, render, stream }: ConsoleRoutes): void {
  page('/openings', (seen) => showOpenings(seen));

  form('/openings/confirmation', async (seen) => {
    const ids = tickedIn(seen);
    try {
      // The number that the person has seen and typed.
      if (fieldsOf(seen.request)['typedCount'] !== String(ids.length))
        throw new Refusal('invalid', languages[languageOf(seen.request)]!.openings.wrongCount);
      const rows = await seen.exits.confirmOpenings(ids);
      return await stream('openings-ended', seen, { count: ids.length }, ended(rows, 'opened'));
    } catch (error) {
      return showOpenings(seen, shownProblem(error), ids);
    }
  });

  form('/openings/rejection', async (seen) => {
    const ids = tickedIn(seen);
    try {
      const rows = await seen.exits.rejectOpenings(ids, fieldsOf(seen.request)['note']);
      return await stream('openings-ended', seen, { count: ids.length }, ended(rows, 'rejected'));
    } catch (error) {
      return showOpenings(seen, shownProblem(error), ids);
    }
  });

  async function showOpenings(
    seen: Seen,
    shown = { code: 200, problem: '' },
    ticked?: string[],
  ): Promise<unknown> {
    const openings = await seen.exits.waiting();
    const { employees, problem } = await seen.exits.employeesIn(
      openings.map(({ resignation }) => resignation),
    );
    const rows = openings.map(({ resignation, ...opening }) => ({
      ...{ ...resignation, ...opening },
      name: employees.get(resignation.employeeId)?.displayName,
      isTicked: ticked?.includes(resignation.employeeId) ?? true,
    }));
    return render('openings', { ...seen, status: shown.code }, { rows, ...shown, untold: problem });
  }
}

/** The employees whose boxes are ticked. */
function tickedIn({ request }: Seen): string[] {
  const { id = [] } = (request.body ?? {}) as { id?: string | string[] };
  return [id].flat();
}

async function* ended(
  rows: AsyncIterable<EndedOpening>,
  what: Extract<EndedOpening['state'], 'opened' | 'rejected'>,
): AsyncGenerator<Part> {
  let count = 0;
  for await (const row of rows) {
    if (row.state === what) count += 1;
    yield { name: 'table-opened-row', data: { row } };
  }
  yield { name: 'openings-ended-end', data: { count, what } };
}
