/** The pages of the console that show: the list, an exit, its report. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ListedExitOfForm } from '../client/application.js';
import type { WaitingInForm } from '../client/openings.js';
import { reportPage } from '../client/report-page.js';
import type { ListFilter, Page } from '../exit/exits.js';
import { hasLimits } from '../config/config.js';
import type { Employee } from '../exit/people.js';
import { Refusal } from '../exit/refusal.js';
import { searchable } from '../exit/spelling.js';
import { formsShown, queryOf, type Shown } from './console-forms.js';
import type { ConsoleRoutes, Seen } from './console-routes.js';
import { exitView, rowOf, type ExitRow } from './exit-rows.js';
import { exitsCsv } from './exits-csv.js';
import { HttpProblem } from './http-problem.js';
import { LOOK_EVERY_MS, sendChanges } from './live-events.js';
import { pageOf, partFor } from './paging.js';
import { languageOf, languages } from './pages.js';

const ROWS = 50;
/** Of the list as a file, in one read. */
const CSV_ROWS = 500;
const filters = {
  open: { open: true },
  attention: { attention: true },
  closed: { closed: true },
  all: {},
} satisfies Record<string, ListFilter>;
type Show = keyof typeof filters;

export function routeConsolePages({ app, page, render, config }: ConsoleRoutes): void {
  page('/', async (seen) => {
    const { show, search, cursor } = wantedIn(seen);
    // A search by name asks the directory of each exit.
    const part = search === '' ? partFor(ROWS, cursor) : undefined;
    const { found, rowsOf, problems } = await listFor(seen, part);
    const { exits, next } = pageOf(found, ROWS, cursor);
    const { rows, problem } = await rowsOf(exits);
    const query = new URLSearchParams({ q: search, show }).toString();
    const all = [...problems, ...(problem === undefined ? [] : [problem])];
    const isAsked = (hasLimits(config) || show === 'attention') && seen.exits.may('read');
    const waiting = isAsked ? await waitingFor(seen, all) : [];
    const data = {
      rows,
      next,
      // Of a part, the number of all is not known.
      count: part && (next !== undefined || cursor !== undefined) ? null : found.length,
      isFirst: cursor === undefined,
      search,
      show,
      query,
      ...{ waiting, problems: all },
    };
    return render('list', seen, { ...data, shows: Object.keys(filters) });
  });

  page('/exits.csv', async (seen) => {
    const parts = exitsCsv(pagesFor(seen));
    // What is refused at once is a problem. Later the file breaks off, which a browser shows as a failed download.
    const { value: first } = await parts.next();
    async function* whole(): AsyncGenerator<string> {
      yield first as string;
      yield* parts;
    }
    return seen.reply
      .header('cache-control', 'no-store')
      .header('content-disposition', 'attachment; filename="exits.csv"')
      .type('text/csv; charset=utf-8')
      .send(Readable.from(whole()));
  });

  page('/exits/:exitId', async (seen) => showExit({ render, config }, seen));

  page('/exits/:exitId/report', async ({ exits, request, reply }) => {
    const evidence = await exits.report(exitIdOf(request));
    const { organisation, interview } = config;
    const html = await reportPage(evidence, {
      organisation: organisation.name,
      timeZone: interview.timeZone,
    });
    // The page has its style in it, which this allows and no other.
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(html) ?? [];
    const hash = createHash('sha256').update(style).digest('base64');
    return reply
      .header(
        'content-security-policy',
        `default-src 'none'; style-src 'sha256-${hash}'; frame-ancestors 'none'`,
      )
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(html);
  });

  const stopping = new AbortController();
  app.addHook('preClose', async () => stopping.abort());
  page('/exits/:exitId/events', async ({ exits, request, reply, session }) => {
    const exitId = exitIdOf(request);
    const sessionEnds = AbortSignal.timeout(session.idleUntil * 1000 - Date.now());
    // Asked before the stream begins, so that a refusal is an answer.
    await exits.status(exitId);
    const signal = AbortSignal.any([stopping.signal, sessionEnds]);
    await sendChanges(reply, exits.follow(exitId, LOOK_EVERY_MS), signal);
  });
}

export const exitIdOf = ({ params }: Seen['request']): string => (params as { exitId: string }).exitId;

/** @param shown what a form of the page has refused, or done */
export async function showExit(
  { render, config }: Pick<ConsoleRoutes, 'render' | 'config'>,
  seen: Seen,
  shown: Shown = formsShown(seen.request),
): Promise<unknown> {
  const { exits, request } = seen;
  const status = await exits.status(exitIdOf(request));
  const view = exitView(status, languages[languageOf(request)]!);
  const zone = status.interview?.timeZone ?? config.interview.timeZone;
  return render('exit', { ...seen, status: shown.code }, { ...view, ...shown, zone });
}

/** @param problems gets one more where it cannot be told */
async function waitingFor({ exits }: Seen, problems: string[]): Promise<WaitingInForm[]> {
  try {
    return await exits.waiting();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    problems.push(`whether openings wait cannot be told: ${error.message}`);
    return [];
  }
}

function wantedIn({ request }: Pick<Seen, 'request'>): {
  show: Show;
  search: string;
  cursor: string | undefined;
} {
  const { q: search = '', show = 'open', cursor } = queryOf(request);
  return {
    search: search.slice(0, 200),
    show: Object.hasOwn(filters, show) ? (show as Show) : 'open',
    cursor,
  };
}

/**
 * The exits that the query asks for as rows, page by page.
 * @throws HttpProblem 503 where they are not all: a spreadsheet shows no warning, so a list that is not whole is none
 */
async function* pagesFor({ exits, request }: Seen): AsyncGenerator<ExitRow[]> {
  const { show, search } = wantedIn({ request });
  // A manager's exits the directory tells of the whole list. Those that need attention are few.
  const size = exits.may('read') && show !== 'attention' ? CSV_ROWS : Infinity;
  const known = new Set<string>();
  let cursor: string | undefined;
  do {
    const { exits: asked, problems } = await exits.list({ ...filters[show], page: partFor(size, cursor) });
    const { exits: part, next } = pageOf(asked, size, cursor);
    const { employees, problem } = await exits.employeesIn(part);
    const missing = [...problems, ...(problem === undefined ? [] : [problem])];
    if (missing.length > 0)
      throw new HttpProblem(503, 'no-answer', `The list is not complete: ${missing.join('; ')}`);
    // An exit that closes meanwhile has another place in the list.
    const fresh = part.filter(({ exitId }) => !known.has(exitId));
    for (const { exitId } of fresh) known.add(exitId);
    const texts = languages[languageOf(request)]!;
    yield named(fresh, search, employees).map((exit) => rowOf(exit, employees, texts));
    cursor = next;
  } while (cursor !== undefined);
}

/** Those whose name or employee id has the text as a part. */
function named(
  exits: readonly ListedExitOfForm[],
  search: string,
  employees: ReadonlyMap<string, Employee | undefined>,
): readonly ListedExitOfForm[] {
  const wanted = searchable(search);
  if (wanted === '') return exits;
  return exits.filter(({ employeeId }) =>
    searchable(`${employees.get(employeeId)?.displayName ?? ''} ${employeeId}`).includes(wanted),
  );
}

/** The exits that the query asks for, and how they become rows. */
async function listFor(seen: Seen, part: Page | undefined) {
  const { exits, request } = seen;
  const { show, search } = wantedIn(seen);
  const texts = languages[languageOf(request)]!;
  const { exits: asked, problems } = await exits.list({ ...filters[show], page: part });

  async function rowsOf(
    of: readonly ListedExitOfForm[],
  ): Promise<{ rows: ExitRow[]; problem: string | undefined }> {
    const { employees, problem } = await exits.employeesIn(of);
    return { rows: of.map((exit) => rowOf(exit, employees, texts)), problem };
  }

  if (searchable(search) === '') return { found: asked, rowsOf, problems };
  const { employees, problem } = await exits.employeesIn(asked);
  return {
    found: named(asked, search, employees),
    rowsOf,
    problems: problem === undefined ? problems : [...problems, problem],
  };
}
