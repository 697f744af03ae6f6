/** What the commands of `ems` use, over the HTTP API of a console. The person of the token acts, so no request names who does. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ListedExitOfForm } from '../client/application.js';
import type { PreviewedRow } from '../client/bulk.js';
import type { PreviewedDecision } from '../client/decide-exits.js';
import type { Which } from '../client/forms.js';
import type { HandedOverExit } from '../client/hand-over-exits.js';
import type { PreviewedExit } from '../client/opening-exits.js';
import type { OpenedRow } from '../client/opened-row.js';
import type { EndedOpening, WaitingInForm } from '../client/openings.js';
import type { UseCases } from '../client/use-cases.js';
import type { Amended } from '../exit/amendment.js';
import type { Evidence } from '../exit/evidence/evidence.js';
import type { Decided } from '../exit/exits.js';
import type { HandedOver } from '../exit/hand-over.js';
import type { Interview } from '../exit/interview.js';
import type { PeopleNamed } from '../exit/people.js';
import type { Proposal } from '../exit/proposals.js';
import { Refusal } from '../exit/refusal.js';
import type { Resignation } from '../exit/resignation.js';
import type { ExitStatus, Step } from '../exit/status.js';
import type { ApiClient } from './api-client.js';

/** The most that the API gives at once. */
const PAGE = 200;

interface Opened {
  employeeId: string;
  exitId: string;
  form: ExitStatus['form'];
  remarks: string[];
}

export function exitsOverApi({
  get,
  post,
  rows,
  signal,
  close,
}: ApiClient): UseCases & { close: typeof close } {
  /** @returns the path of the exit */
  async function pathOf({ employeeId, form, exitId }: Which): Promise<string> {
    const found = await get<{ exitId: string }>('/exits/find', { employeeId, form, exitId });
    return `/exits/${encodeURIComponent(found.exitId)}`;
  }
  const read = async <T>(which: Which, what = ''): Promise<T> => get(`${await pathOf(which)}${what}`);
  const act = async <T>(which: Which, what: string, body: object): Promise<T> =>
    post(`${await pathOf(which)}${what}`, body);

  return {
    close,

    people: (name) => get<PeopleNamed>('/people', { name }),
    company: () => get('/company'),
    preview: (input, form) => post<PreviewedExit>('/exits/preview', openingOf(input, form)),

    async open(input, form) {
      const { remarks, ...opened } = await post<Opened>('/exits', openingOf(input, form));
      return { opened, found: { directoryProblem: remarks[0], systems: [] } };
    },

    previewTable(table) {
      let end: { opensNow: number } | undefined;
      const shown = async function* () {
        end = yield* rows<PreviewedRow, NonNullable<typeof end>>('/table/preview', table);
      };
      return { rows: shown(), opensNow: () => Promise.resolve(end!.opensNow) };
    },

    openTable: (table) => rows<OpenedRow>('/table', table),

    waiting: async () => (await get<{ openings: WaitingInForm[] }>('/openings')).openings,

    confirmOpenings: (employeeIds) =>
      Promise.resolve(rows<EndedOpening>('/openings/confirmation', { employeeIds })),

    rejectOpenings: (employeeIds, { note }) =>
      Promise.resolve(rows<EndedOpening>('/openings/rejection', { employeeIds, note })),

    status: (which) => read<ExitStatus>(which),

    async interview(which) {
      const { interview, exitId } = await read<ExitStatus>(which);
      const { employeeId } = which;
      if (interview) return interview;
      throw new Refusal('no-interview', `${employeeId} has no interview`, { employeeId, exitId });
    },

    async *follow(which, everyMs) {
      const path = await pathOf(which);
      for (;;) {
        const status = await get<ExitStatus>(path);
        yield status;
        if (status.closedAt !== undefined) return;
        await pause(everyMs, undefined, { signal });
      }
    },

    async list(filter) {
      type Page = { exits: ListedExitOfForm[]; next?: string; problems: string[] };
      const exits: ListedExitOfForm[] = [];
      const problems = new Set<string>();
      let cursor: string | undefined;
      do {
        const { employeeId, open, attention, overdue, phase, form } = filter;
        const query = { employeeId, open, attention, overdue, phase, form, limit: PAGE, cursor };
        const page: Page = await get<Page>('/exits', query);
        exits.push(...page.exits);
        for (const problem of page.problems) problems.add(problem);
        cursor = page.next;
      } while (cursor !== undefined);
      return { exits, problems: [...problems].map((problem) => new Error(problem)) };
    },

    report: (which) => read<Evidence>(which, '/report'),

    decide: (which, { decidedBy: _by, ...decision }) => act<Decided>(which, '/decision', decision),
    previewDecision: (which, { decidedBy: _by, ...decision }) =>
      act<PreviewedDecision>(which, '/decision/preview', decision),
    confirm: (which, { number }) =>
      act<{ decided?: Decided; step?: Step }>(which, '/confirmation', { number }),
    reject: (which, { number, note }) => act<Proposal>(which, '/rejection', { number, note }),
    amend: (which, { by: _by, ...dates }) => act<Amended>(which, '/amendment', dates),
    handOver: (which, { to }) => act<HandedOver>(which, '/hand-over', { to }),
    handOverAll: async ({ by: _by, ...request }) =>
      (await post<{ rows: HandedOverExit[] }>('/hand-over', request)).rows,
    resolve: (which, { by: _by, ...resolution }) => act<Step>(which, '/resolve', resolution),
    previewResolution: (which, { by: _by, ...resolution }) =>
      act<Step>(which, '/resolve/preview', resolution),
    reschedule: (which, { by: _by, ...request }) => act<Interview>(which, '/interview', request),
  };
}

function openingOf(input: unknown, form: ExitStatus['form']): object {
  const { submittedBy: _by, overrideBy, ...resignation } = input as Partial<Resignation>;
  return { ...resignation, form, ...(overrideBy !== undefined && { override: true }) };
}
