/** The openings that wait for a second person: a list of them, a typed confirmation, or a rejection. */
import type { EndedOpening } from '../client/openings.js';
import { fieldsOf, Mistyped, nothingRefused, type Refused } from './console-forms.js';
import type { ConsoleRoutes, Seen } from './console-routes.js';
import { languageOf, languages, type Part } from './pages.js';

type Ended = Extract<EndedOpening['state'], 'opened' | 'rejected'>;

export function routeConsoleOpenings({ page, form, render, stream }: ConsoleRoutes): void {
  page('/openings', (seen) => showOpenings(seen));

  form('/openings/confirmation', {
    act: 'confirmOpenings',
    perform(seen) {
      const ids = tickedIn(seen);
      // The number that the person has seen and typed.
      if (fieldsOf(seen.request)['typedCount'] !== String(ids.length))
        throw new Mistyped(languages[languageOf(seen.request)]!.openings.wrongCount);
      return seen.exits.confirmOpenings(ids);
    },
    done: (seen, rows) => showEnded(seen, rows, 'opened'),
    refused: showOpenings,
  });

  form('/openings/rejection', {
    act: 'rejectOpenings',
    perform: (seen) => seen.exits.rejectOpenings(tickedIn(seen), fieldsOf(seen.request)['note']),
    done: (seen, rows) => showEnded(seen, rows, 'rejected'),
    refused: showOpenings,
  });

  const showEnded = (seen: Seen, rows: AsyncIterable<EndedOpening>, what: Ended): Promise<unknown> =>
    stream('openings-ended', seen, { count: tickedIn(seen).length }, ended(rows, what));

  async function showOpenings(seen: Seen, shown?: Refused): Promise<unknown> {
    const ticked = shown && tickedIn(seen);
    const openings = await seen.exits.waiting();
    const { employees, problem } = await seen.exits.employeesIn(
      openings.map(({ resignation }) => resignation),
    );
    const rows = openings.map(({ resignation, ...opening }) => ({
      ...{ ...resignation, ...opening },
      name: employees.get(resignation.employeeId)?.displayName,
      isTicked: ticked?.includes(resignation.employeeId) ?? true,
    }));
    const { code, ...refused } = shown ?? nothingRefused;
    return render('openings', { ...seen, status: code }, { rows, ...refused, untold: problem });
  }
}

/** The employees whose boxes are ticked. */
function tickedIn({ request }: Seen): string[] {
  const { id = [] } = (request.body ?? {}) as { id?: string | string[] };
  return [id].flat();
}

async function* ended(rows: AsyncIterable<EndedOpening>, what: Ended): AsyncGenerator<Part> {
  let count = 0;
  for await (const row of rows) {
    if (row.state === what) count += 1;
    yield { name: 'table-opened-row', data: { row } };
  }
  yield { name: 'openings-ended-end', data: { count, what } };
}
