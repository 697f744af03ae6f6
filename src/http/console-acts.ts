/** The forms of the console: open an exit, decide, resolve a step, move the interview. */
import { Temporal } from 'temporal-polyfill';
import { forms, type Form } from '../client/forms.js';
import type { Outcome } from '../exit/decision.js';
import { searchable } from '../exit/spelling.js';
import { Refusal } from '../exit/refusal.js';
import { forbidden, HttpProblem } from './http-problem.js';
import { fieldsOf, formIn, formsShown, queryOf, shownProblem } from './console-forms.js';
import { exitIdOf, showExit } from './console-pages.js';
import type { ConsoleRoutes, Seen } from './console-routes.js';
import type { DecisionRequest, OpenRequest, ResolutionRequest } from './exits-for.js';
import { languageOf, languages } from './pages.js';

export function routeConsoleActs(routes: ConsoleRoutes): void {
  const { page, form, render } = routes;

  /**
   * Sends the browser on; where the exit refuses, shows its page with the reason.
   * @param act returns the name of what was done where that is not `name`
   */
  async function actOn(
    seen: Seen,
    name: string,
    act: (exitId: string) => Promise<unknown>,
  ): Promise<unknown> {
    const { request, reply } = seen;
    const exitId = exitIdOf(request);
    let done: unknown;
    try {
      done = await act(exitId);
    } catch (error) {
      const refused = name === 'resolve' ? `resolve:${fieldsOf(request)['key']}` : name;
      const shown = formsShown(request, { ...shownProblem(error), refused, typed: fieldsOf(request) });
      return showExit(routes, seen, shown);
    }
    return reply.redirect(
      `/exits/${encodeURIComponent(exitId)}?done=${typeof done === 'string' ? done : name}`,
      303,
    );
  }

  form('/exits/:exitId/decision', (seen) => {
    const { outcome, note, effectiveOn, now, confirmed } = fieldsOf(seen.request);
    const decision = { outcome: outcome as Outcome, note, effectiveOn, ...(now && { now: true }) };
    if (confirmed)
      return actOn(seen, 'decide', async (exitId) => {
        const { proposedAt } = await seen.exits.decide(exitId, decision);
        return proposedAt === undefined ? 'decide' : 'propose';
      });
    return previewed(seen, decision);
  });

  form('/exits/:exitId/confirmation', (seen) =>
    actOn(seen, 'confirm', (exitId) => seen.exits.confirm(exitId, Number(fieldsOf(seen.request)['number']))),
  );

  form('/exits/:exitId/rejection', (seen) =>
    actOn(seen, 'reject', (exitId) => {
      const { number, note } = fieldsOf(seen.request);
      return seen.exits.reject(exitId, { number: Number(number), note });
    }),
  );

  async function previewed(seen: Seen, request: DecisionRequest): Promise<unknown> {
    const exitId = exitIdOf(seen.request);
    try {
      const [{ effects, takesEffect, needsSecond }, { employeeId, employeeName }] = await Promise.all([
        seen.exits.previewDecision(exitId, request),
        seen.exits.status(exitId),
      ]);
      const of = { employeeId, employeeName };
      const shown = { exitId, of, effects, takesEffect, needsSecond, typed: fieldsOf(seen.request) };
      return await render('decide', seen, shown);
    } catch (error) {
      const shown = { ...shownProblem(error), refused: 'decide', typed: fieldsOf(seen.request) };
      return showExit(routes, seen, formsShown(seen.request, shown));
    }
  }

  form('/exits/:exitId/amendment', (seen) =>
    actOn(seen, 'amend', (exitId) => {
      const { lastWorkingDay, effectiveOn, note } = fieldsOf(seen.request);
      return seen.exits.amend(exitId, { lastWorkingDay, effectiveOn, note });
    }),
  );

  form('/exits/:exitId/hand-over', (seen) =>
    actOn(seen, 'handOver', (exitId) => {
      const { to = '' } = fieldsOf(seen.request);
      return seen.exits.handOver(exitId, { to });
    }),
  );

  form('/exits/:exitId/resolve', (seen) =>
    actOn(seen, 'resolve', (exitId) => {
      const { step = '', system, action, accounts, override, evidence } = fieldsOf(seen.request);
      const ids = accounts?.split(',').map((id) => id.trim());
      return seen.exits.resolve(exitId, {
        ...{ step, system, evidence },
        action: action as ResolutionRequest['action'],
        ...(ids && { accounts: ids }),
        ...(override && { override: true }),
      });
    }),
  );

  form('/exits/:exitId/interview', (seen) =>
    actOn(seen, 'interview', (exitId) => {
      const { at, zone = '', next } = fieldsOf(seen.request);
      return seen.exits.reschedule(exitId, next ? { next: true } : { at: instantOf(at, zone) });
    }),
  );

  page('/new', (seen) => showNew(seen));

  form('/new', async (seen) => {
    const fields = fieldsOf(seen.request);
    const { employeeId = '', lastWorkingDay, reason, override, typedName } = fields;
    const asked: OpenRequest = {
      ...{ employeeId, lastWorkingDay, reason, form: formIn(fields) },
      ...(override && { override: true }),
    };
    try {
      // The name that the person sees, so that a mistyped id blocks no one else.
      const { employee } = await seen.exits.preview(asked);
      const expected = employee?.displayName ?? employeeId;
      if (searchable(typedName ?? '') !== searchable(expected))
        throw new HttpProblem(400, 'invalid', languages[languageOf(seen.request)]!.open.wrongName);
      const { exitId } = await seen.exits.open(asked);
      return await seen.reply.redirect(`/exits/${encodeURIComponent(exitId)}?done=open`, 303);
    } catch (error) {
      return showNew(seen, shownProblem(error));
    }
  });

  async function showNew(seen: Seen, shown = { code: 200, problem: '' }): Promise<unknown> {
    const { request, exits } = seen;
    const typed = { ...queryOf(request), ...fieldsOf(request) };
    const { employeeId = '' } = typed;
    const of = { typed, forms, chosen: formIn(typed), employeeId, ...shown };
    if (!exits.may('open')) throw forbidden('Your role opens no exits');
    if (employeeId === '') return render('new', { ...seen, status: shown.code }, of);
    try {
      return await render('new', { ...seen, status: shown.code }, { ...of, ...(await lookUp(seen, of)) });
    } catch (error) {
      const refused = shown.problem === '' ? shownProblem(error) : shown;
      return render('new', { ...seen, status: refused.code }, { ...of, ...refused });
    }
  }
}

/** The employee of this id, or the people with this name where there is none. */
async function lookUp({ exits }: Seen, { employeeId, chosen }: { employeeId: string; chosen: Form }) {
  try {
    const found = await exits.preview({ employeeId, form: chosen });
    const isTold = found.employee !== undefined || found.directoryProblem !== undefined;
    return isTold ? { found } : { found, named: await exits.people(employeeId) };
  } catch (error) {
    const isName = error instanceof Refusal && ['invalid', 'unknown-employee'].includes(error.code);
    if (isName) return { named: await exits.people(employeeId) };
    throw error;
  }
}

/** @param at a time of the zone's clocks, as browsers send it: `2026-12-01T14:00` @returns ISO 8601 with an offset; as it is where it is none */
function instantOf(at: string | undefined, zone: string): string {
  try {
    const time = Temporal.PlainDateTime.from(at ?? '').toZonedDateTime(zone, { disambiguation: 'reject' });
    return time.toString({ timeZoneName: 'never' });
  } catch (error) {
    // The exit says what a time looks like.
    if (error instanceof RangeError) return at ?? '';
    throw error;
  }
}
