/** The page of the local stack that runs one exit in each form, and shows both as they happen. */
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Application } from '../client/application.js';
import { forms, type Form } from '../client/forms.js';
import { lastOfProtected } from '../client/last-of-protected.js';
import { Refusal } from '../exit/refusal.js';
import { fieldsOf, nothingRefused } from '../http/console-forms.js';
import type { ConsoleRoutes, MorePage, Seen } from '../http/console-routes.js';
import type { ExitsFor } from '../http/exits-for.js';
import { forbidden, HttpProblem } from '../http/http-problem.js';
import { sendChanges } from '../http/live-events.js';
import { languageOf } from '../http/pages.js';
import { people } from './company.js';
import { switchActs, switchedServices, type remoteSwitches } from './switchboard.js';
import type { Row, Timeline } from './form-timeline.js';
import type { Timelines } from './read-timelines.js';

const HREF = '/side-by-side';
const PAGE = `${HREF}/:orchestrated/:choreographed`;
/** As people see it: at once. */
const LOOK_EVERY_MS = 250;

/** Two of them do not resign without more ado: who leads, and the last member of a protected group. The last one has left. */
const cast = ['E-1004', 'E-1006', 'E-1002', 'E-1010', 'E-1007', 'E-1011', 'E-1009', 'E-1008'];
const names = new Map(people.map(({ employeeId, name }) => [employeeId, name]));

const SwitchForm = z.object({ service: z.enum(switchedServices), act: z.enum(switchActs) });

interface Parts {
  application: Pick<Application, 'list' | 'whose'>;
  timelines: Pick<Timelines, 'read'>;
  switches: ReturnType<typeof remoteSwitches>;
}

/** The exit of one form, as far as it can be read now. */
interface Column {
  form: Form;
  exitId: string;
  employeeId: string;
  name: string | undefined;
  timeline?: Timeline;
  problem?: string;
}

type Ids = Record<Form, string>;

export function sideBySide({ application, timelines, switches }: Parts): MorePage {
  const employees = new Map<string, string>();

  async function columnOf(form: Form, exitId: string): Promise<Column> {
    const employeeId = employees.get(exitId) ?? (await application.whose(exitId)).employeeId;
    employees.set(exitId, employeeId);
    const about = { form, exitId, employeeId, name: names.get(employeeId) };
    try {
      return { ...about, timeline: await timelines.read(form, employeeId, exitId, switches.states()) };
    } catch (error) {
      // An engine may be away, which the other column does not mind.
      if (error instanceof Refusal && error.code === 'no-exit') throw error;
      return { ...about, problem: (error as Error).message };
    }
  }

  const columnsOf = (ids: Ids | undefined): Promise<Column[]> =>
    Promise.all(ids ? forms.map((form) => columnOf(form, ids[form])) : []);

  /** An employee for each form: those who have no open exit and whose exit needs no override, and first the ones who have not left. */
  async function freeEmployees(asking: ExitsFor): Promise<string[]> {
    const { exits } = await application.list({});
    const isFree = (id: string) =>
      !exits.some((exit) => exit.employeeId === id && exit.closedAt === undefined);
    const hasLeft = (id: string) =>
      exits.some((exit) => exit.employeeId === id && exit.outcome === 'leaving');
    const free = cast.filter(isFree).toSorted((a, b) => Number(hasLeft(a)) - Number(hasLeft(b)));
    const found: string[] = [];
    for (const employeeId of free) {
      const request = { employeeId, form: forms[found.length]! };
      const isRefused = await asking.preview(request).then(
        (seen) => lastOfProtected(employeeId, seen) !== undefined,
        (error: unknown) => {
          if (error instanceof Refusal) return true;
          throw error;
        },
      );
      if (!isRefused) found.push(employeeId);
      if (found.length === forms.length) return found;
    }
    throw new HttpProblem(
      409,
      'already-open',
      'Fewer than two people are left whose exit can open: decide some first',
    );
  }

  function route({ app, page, form, render }: ConsoleRoutes): void {
    const stopping = new AbortController();
    app.addHook('preClose', async () => stopping.abort());

    /** @param shown why an act of this page was not done */
    async function show(seen: Seen, shown = nothingRefused): Promise<unknown> {
      const ids = idsIn(seen);
      requireReader(seen);
      const columns = await columnsOf(ids);
      const states = switches.states();
      return render(
        'side-by-side',
        { ...seen, status: shown.code },
        {
          problem: shown.problem,
          base: pathOf(ids),
          columns: drawn(columns, languageOf(seen.request)),
          isProposed: columns.some(({ timeline }) => timeline?.isProposed),
          isUndecided: columns.some(({ timeline }) => timeline && timeline.decidedAt === undefined),
          services: switchedServices.map((service) => ({
            service,
            states: forms.map((each) => ({ form: each, state: states[each][service]?.state })),
          })),
          acts: switchActs,
          maySwitch: isOperator(seen),
        },
      );
    }

    /** Sends the browser to the page whose path `perform` returns. */
    const actOn = (url: string, act: string, perform: (seen: Seen) => Promise<string>): void =>
      form(url, { act, perform, done: ({ reply }, to) => reply.redirect(to, 303), refused: show });

    page(HREF, (seen) => show(seen));
    page(PAGE, (seen) => show(seen));

    for (const url of [`${HREF}/events`, `${PAGE}/events`])
      page(url, async (seen) => {
        requireReader(seen);
        const ids = idsIn(seen);
        // Asked before the stream begins, so that a refusal is an answer.
        await columnsOf(ids);
        const sessionEnds = AbortSignal.timeout(seen.session.idleUntil * 1000 - Date.now());
        await sendChanges(seen.reply, looks(ids), AbortSignal.any([stopping.signal, sessionEnds]));
      });

    actOn(HREF, 'openExit', async ({ exits }) => {
      const employeeIds = await freeEmployees(exits);
      const opened = await Promise.all(
        forms.map((form, i) => exits.open({ employeeId: employeeIds[i]!, form })),
      );
      const ids = Object.fromEntries(opened.map(({ form, exitId }) => [form, exitId]));
      return pathOf(ids as Ids);
    });

    actOn(`${PAGE}/decision`, 'decideExit', async (seen) => {
      const ids = idsIn(seen)!;
      const outcome = fieldsOf(seen.request)['outcome'] === 'leaving' ? 'leaving' : 'retained';
      const decision = { outcome, ...(outcome === 'leaving' && { now: true }) } as const;
      // Each form decides for itself: the one may be away while the other goes on.
      const open = (await columnsOf(ids)).filter(({ timeline }) => timeline?.decidedAt === undefined);
      const decided = await Promise.allSettled(open.map(({ exitId }) => seen.exits.decide(exitId, decision)));
      for (const each of decided) if (each.status === 'rejected') throw each.reason;
      return pathOf(ids);
    });

    for (const url of [`${HREF}/switch`, `${PAGE}/switch`])
      actOn(url, 'switchService', async (seen) => {
        if (!isOperator(seen))
          throw forbidden(`${seen.session.user.name} is no operator, who alone may stop a service`);
        const { data, success } = SwitchForm.safeParse(fieldsOf(seen.request));
        if (!success) throw new HttpProblem(400, 'invalid', 'The form names no switch: open the page again');
        await switches.act(data);
        return pathOf(idsIn(seen));
      });
  }

  async function* looks(ids: Ids | undefined): AsyncGenerator {
    for (;;) {
      yield { columns: await columnsOf(ids), states: switches.states() };
      await pause(LOOK_EVERY_MS);
    }
  }

  return { href: HREF, text: 'sideBySide', route };
}

function requireReader({ exits }: Seen): void {
  if (!exits.may('read')) throw forbidden('This page shows every exit: it needs a role');
}

const isOperator = ({ session }: Seen): boolean => session.user.roles.includes('operator');

function idsIn({ request }: Seen): Ids | undefined {
  const { orchestrated, choreographed } = request.params as Partial<Ids>;
  return orchestrated !== undefined && choreographed !== undefined
    ? { orchestrated, choreographed }
    : undefined;
}

const pathOf = (ids: Ids | undefined): string =>
  [HREF, ...(ids ? forms.map((form) => encodeURIComponent(ids[form])) : [])].join('/');

/** From the resignation on, and from the decision on: each is drawn to a scale of its own, which both forms share. */
function drawn(columns: readonly Column[], language: string) {
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  const seconds = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : number.format(ms / 1000);
  const parts = columns.map(({ timeline }) => partsOf(timeline));
  const lengths = [0, 1].map((i) =>
    Math.max(
      1,
      ...parts
        .map((each) => each[i]!)
        .flatMap(({ from, rows }) =>
          rows.map(({ endedAt, state }) => (state === 'skipped' ? 0 : (endedAt ?? 0) - from)),
        ),
    ),
  );
  return columns.map(({ timeline, ...column }, c) => ({
    ...column,
    problem: column.problem ?? '',
    phase: timeline?.phase,
    blocked: seconds(timeline?.blockedAt),
    closed: seconds(timeline?.closedAt),
    parts: parts[c]!.map(({ from, rows }, i) =>
      rows.map((row) => ({
        ...row,
        at: seconds(row.at),
        takenAt: seconds(row.takenAt),
        endedAt: seconds(row.endedAt),
        bar: barOf(row, from, lengths[i]!),
      })),
    ),
  }));
}

function partsOf(timeline: Timeline | undefined): { from: number; rows: Row[] }[] {
  const { rows = [], decidedAt = Infinity } = timeline ?? {};
  return [
    { from: 0, rows: rows.filter(({ at }) => at < decidedAt) },
    { from: decidedAt, rows: rows.filter(({ at }) => at >= decidedAt) },
  ];
}

/** In hundredths of the scale: how long it waited, and how long it was worked on. */
function barOf({ at, takenAt, endedAt, state }: Row, from: number, length: number) {
  // It lasts no time, or how long it was worked on is not known.
  const isUnknown = takenAt === undefined && !['waiting', 'away', 'lost', 'working', 'again'].includes(state);
  if (isUnknown || (state === 'done' && endedAt === undefined)) return undefined;
  const place = (ms: number | undefined): number =>
    Math.min(100, Math.max(0, Math.round((1000 * ((ms ?? from + length) - from)) / length) / 10));
  const [begun, taken, ended] = [place(at), place(takenAt ?? endedAt), place(endedAt)];
  return {
    begun,
    waited: taken - begun,
    taken,
    worked: Math.max(takenAt === undefined ? 0 : 0.7, ended - taken),
  };
}
