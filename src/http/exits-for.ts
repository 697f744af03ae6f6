/**
 * The exits as a person or a program may use them, for the API and the console alike. Acts are recorded with the one who is logged in,
 * and with the network address.
 */
import type { z } from 'zod';
import type { Application, ListedExitOfForm } from '../client/application.js';
import type { Form, Which } from '../client/forms.js';
import { tablesOf, type Table } from '../client/bulk.js';
import type { People } from '../client/employees.js';
import type { RemoteCodec } from '../client/remote-codec.js';
import type { WaitingInForm } from '../client/openings.js';
import { inOrder, type ListFilter } from '../exit/exits.js';
import { isSameIdentity } from '../exit/mail-address.js';
import { askerOf, withoutAskers, type ActedBy } from '../exit/asker.js';
import type { Employee } from '../exit/people.js';
import type { Resignation } from '../exit/resignation.js';
import { Refusal } from '../exit/refusal.js';
import type { ExitStatus } from '../exit/status.js';
import { loggedRows, type Asking } from './act-log.js';
import type {
  AmendmentBody,
  DecisionBody,
  OpenBody,
  ReschedulingBody,
  ResolutionBody,
} from './api-schemas.js';
import { forbidden, HttpProblem } from './http-problem.js';
import { scopeOf, type Act } from './roles.js';
import { sharedReads } from './shared-reads.js';
import type { User } from './user.js';

/** What the server has of the product. */
export interface Served {
  application: Application;
  people: People;
  /** Absent where they are in plain text. */
  codec?: RemoteCodec;
  /** Of the program, for the record of a report. */
  version: string;
}

/** A manager with more reports has the whole list read instead. */
const MOST_REPORTS = 100;
/** How long a list waits for the directory. */
const NAMES_WITHIN_MS = 3_000;
/** Exit ids whose employee this process knows: Temporal's index may be a moment behind. */
const REMEMBERED = 10_000;

type Filter = Parameters<Application['list']>[0];
export type OpenRequest = z.output<typeof OpenBody>;
export type DecisionRequest = z.output<typeof DecisionBody>;
export type ResolutionRequest = z.output<typeof ResolutionBody>;
type AmendmentRequest = z.output<typeof AmendmentBody>;
type ReschedulingRequest = z.output<typeof ReschedulingBody>;

export type ExitsFor = ReturnType<ReturnType<typeof exitsOf>>;

export function exitsOf({ application, people, version }: Served) {
  /** The list of many exits takes long, and is the same for all. */
  const listed = sharedReads((filter: Filter) => application.list(filter));
  const tables = tablesOf(application);
  const known = new Map<string, Which & { exitId: string }>();
  function remember(exit: Which & { exitId: string }): void {
    known.set(exit.exitId, exit);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
  }
  async function named(exitId: string): Promise<Which & { exitId: string }> {
    const { employeeId, form } = known.get(exitId) ?? (await application.whose(exitId));
    const exit = { employeeId, form, exitId };
    remember(exit);
    return exit;
  }

  return function exitsFor(user: User, request: Asking) {
    const { subject } = user;
    const asker = askerOf(subject, user.name, request.ip);
    /** In the record of a person's act. A program, which has no address, opens exits and does no more. */
    const acted: ActedBy = { by: user.email!, asker };
    const may = (act: Act): boolean => user.acts.includes(act);

    function demand(act: Act): void {
      if (may(act)) return;
      const lacks = `${user.name} may not do this: it needs a role, and a token the scope, for ${scopeOf(act)}`;
      throw forbidden(lacks);
    }

    const isReport = (employee: Employee | undefined): boolean =>
      user.mayReadOwnReports &&
      employee?.manager.insteadOfManager === undefined &&
      isSameIdentity(employee?.manager.email ?? '', user.email!);

    /** @throws HttpProblem where the directory does not tell, since access is not guessed */
    async function told(employeeId: string, what: string): Promise<Employee | undefined> {
      try {
        return await people.lookUp(employeeId);
      } catch (error) {
        const why = (error as Error).message;
        throw new HttpProblem(503, 'no-answer', `Whether ${what} cannot be told: ${why}. Try again later`);
      }
    }

    /** @throws HttpProblem unless the user may read exits, or the employee reports to them */
    async function readable(exitId: string): Promise<Which & { exitId: string }> {
      if (!may('read') && !user.mayReadOwnReports) demand('read');
      const which = await named(exitId).catch((error: unknown) => {
        // To a manager, an exit that is not there looks as one of another's report.
        throw error instanceof Refusal && error.code === 'no-exit' && !may('read') ? notYours() : error;
      });
      await requireReader(which.employeeId);
      return which;
    }

    async function requireReader(employeeId: string): Promise<void> {
      if (may('read')) return;
      if (!user.mayReadOwnReports) demand('read');
      if (!isReport(await told(employeeId, 'the employee reports to you'))) throw notYours();
    }

    /** From where HR acts is no matter of a manager. */
    const shownTo = (status: ExitStatus): ExitStatus => (may('read') ? status : withoutAskers(status));

    const notYours = (): HttpProblem =>
      forbidden(`${user.name} has no role here, and sees the exits of the own reports only`);

    /** The exit itself refuses a decision of the employee concerned; this refuses their other acts. */
    async function requireOther(employeeId: string): Promise<void> {
      if (user.email === undefined) return;
      const employee = await told(employeeId, 'you are the employee concerned');
      if (employee?.identities.some((identity) => isSameIdentity(identity, user.email!)))
        throw forbidden(`${user.name} is the employee concerned, who cannot act on their own exit`);
    }

    async function acting(act: Act, exitId: string): Promise<Which & { exitId: string }> {
      demand(act);
      const which = await named(exitId);
      await requireOther(which.employeeId);
      return which;
    }

    /** A decision is confirmed by those who decide, an override by those who resolve. */
    async function secondOf(
      exitId: string,
      number: number | undefined,
      isRejection = false,
    ): Promise<Which & { exitId: string }> {
      if (number === undefined || !may('resolve')) demand('decide');
      const which = await named(exitId);
      const { proposals } = await application.status(which);
      const proposal = proposals.find((each) =>
        number === undefined ? each.state === 'open' && each.decision : each.number === number,
      );
      const isOwn = proposal !== undefined && isSameIdentity(proposal.by, user.email!);
      // Who decides may override with the resignation, and takes that back.
      if (isRejection && isOwn) return which;
      if (proposal) demand(proposal.override === undefined ? 'decide' : 'resolve');
      return which;
    }

    const submitted = { submittedBy: user.email ?? asker.name, asker };

    function resignationOf({ override, form: _form, ...rest }: OpenRequest): Resignation {
      if (override && user.email === undefined)
        throw forbidden('An override is a person’s: this token names none');
      return { ...rest, ...submitted, ...(override && { overrideBy: user.email }) };
    }

    /** The exits that may be of the own reports: whose they are the directory tells of each. */
    async function ofReports(filter: Filter): ReturnType<typeof listed> {
      const whole = { ...filter, page: undefined };
      const ids = filter.employeeId === undefined ? await people.reportsOf(user.email!) : undefined;
      if (!ids || ids.length > MOST_REPORTS) return listed(whole);
      const each = await Promise.all(ids.map((employeeId) => listed({ ...whole, employeeId })));
      return {
        exits: inOrder(each.flatMap(({ exits }) => exits)),
        problems: each.flatMap(({ problems }) => problems),
      };
    }

    return {
      user,
      may,

      /** @property problems one sentence for each reason why the list may not be whole */
      async list(
        filter: ListFilter & { form?: Form | undefined },
      ): Promise<{ exits: ListedExitOfForm[]; problems: string[] }> {
        if (!may('read') && !user.mayReadOwnReports) demand('read');
        const { exits, problems } = await (may('read') ? listed(filter) : ofReports(filter));
        const missing = [...new Set(problems.map(({ message }) => message))];
        for (const { employeeId, form, exitId } of exits) remember({ employeeId, form, exitId });
        if (may('read')) return { exits, problems: missing };
        const { employees, problem } = await this.employeesIn(exits);
        const own = exits.filter(({ employeeId }) => isReport(employees.get(employeeId)));
        return { exits: own, problems: [...missing, ...(problem === undefined ? [] : [problem])] };
      },

      /** @property problem set where the directory has not told about all of them in time */
      async employeesIn(exits: readonly { employeeId: string }[]) {
        const ids = exits.map(({ employeeId }) => employeeId);
        const employees = await people.lookUpAll(ids, NAMES_WITHIN_MS);
        const untold = new Set(ids.filter((id) => !employees.has(id))).size;
        const problem =
          untold === 0 ? undefined : `the directory has not told who ${untold} of the employees are`;
        return { employees, problem };
      },

      async employeeOf(employeeId: string): Promise<Employee | undefined> {
        demand('open');
        return people.lookUp(employeeId);
      },

      async people(text: string) {
        demand('open');
        return application.people(text);
      },

      /** The newest exit of an employee, or the one of this id. */
      async find(which: Which) {
        await requireReader(which.employeeId);
        const exit = await application.find(which);
        remember(exit);
        return exit;
      },

      async company() {
        demand('report');
        return application.company();
      },

      async status(exitId: string) {
        return shownTo(await application.status(await readable(exitId)));
      },

      async *follow(exitId: string, everyMs: number) {
        for await (const status of application.follow(await readable(exitId), everyMs)) yield shownTo(status);
      },

      async report(exitId: string) {
        demand('report');
        return application.report(await named(exitId), version);
      },

      async preview(request: OpenRequest) {
        demand('open');
        const { asker: _asker, ...resignation } = resignationOf(request);
        return application.preview(resignation, request.form);
      },

      /** @param requestId however often the request comes, it opens one exit */
      async open(request: OpenRequest, requestId?: string) {
        demand('open');
        const resignation = resignationOf(request);
        // Without an override, opening one's own exit takes nothing from others, and works while the directory is down.
        if (request.override) await requireOther(resignation.employeeId);
        const { opened, found } =
          requestId === undefined
            ? await application.open(resignation, request.form)
            : await application.submit({ ...resignation, requestId }, request.form);
        const { employeeId, form, exitId } = opened;
        remember({ employeeId, form, exitId });
        return { employeeId, form, exitId, found };
      },

      /** How many of so many rows of a table may open now; the others wait for a second person. */
      room: (rows: number) => application.room(rows),

      /** The openings that wait for a second person. */
      async waiting(): Promise<WaitingInForm[]> {
        demand('read');
        return application.waiting();
      },

      async confirmOpenings(employeeIds: readonly string[]) {
        demand('decide');
        const rows = await application.confirmOpenings(employeeIds, acted);
        return loggedRows(request, { act: 'confirmOpenings', subject }, rows);
      },

      async rejectOpenings(employeeIds: readonly string[], note?: string) {
        demand('decide');
        const rows = await application.rejectOpenings(employeeIds, { ...acted, note });
        return loggedRows(request, { act: 'rejectOpenings', subject }, rows);
      },

      /** @param table of which each row is an exit */
      previewTable(table: Table) {
        demand('open');
        return tables.previewTable(table, submitted);
      },

      /** @param table.confirm how many rows the table has */
      openTable(table: Table & { confirm: number }) {
        demand('open');
        const rows = tables.openTable(table, submitted);
        return loggedRows(request, { act: 'openTable', subject }, rows);
      },

      async previewDecision(exitId: string, request: DecisionRequest) {
        demand('decide');
        return application.previewDecision(await named(exitId), { ...request, decidedBy: user.email! });
      },

      async decide(exitId: string, request: DecisionRequest) {
        demand('decide');
        return application.decide(await named(exitId), { ...request, decidedBy: acted.by, asker });
      },

      async confirm(exitId: string, number?: number) {
        return application.confirm(await secondOf(exitId, number), { number, ...acted });
      },

      async reject(
        exitId: string,
        { number, note }: { number?: number | undefined; note?: string | undefined },
      ) {
        const which = await secondOf(exitId, number, true);
        return application.reject(which, { number, note, ...acted });
      },

      async amend(exitId: string, request: AmendmentRequest) {
        return application.amend(await acting('amend', exitId), { ...request, ...acted });
      },

      async handOver(exitId: string, { to }: { to: string }) {
        return application.handOver(await acting('amend', exitId), { to, ...acted });
      },

      async handOverAll(request: { from: string; to: string; form?: Form | undefined }) {
        demand('amend');
        return application.handOverAll({ ...request, ...acted }, requireOther);
      },

      async previewResolution(exitId: string, request: ResolutionRequest) {
        return application.previewResolution(await acting('resolve', exitId), {
          ...request,
          by: user.email!,
        });
      },

      async resolve(exitId: string, request: ResolutionRequest) {
        return application.resolve(await acting('resolve', exitId), { ...request, ...acted });
      },

      async reschedule(exitId: string, request: ReschedulingRequest) {
        return application.reschedule(await acting('interview', exitId), { ...request, ...acted });
      },
    };
  };
}
