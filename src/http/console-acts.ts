/** The forms of the console: open an exit, decide, resolve a step, move the interview. */
import { Temporal } from 'temporal-polyfill';
import { forms, type Form } from '../client/forms.js';
import type { Outcome } from '../exit/decision.js';
import { searchable } from '../exit/spelling.js';
import { Refusal } from '../exit/refusal.js';
import { isSettled } from '../exit/status.js';
import { forbidden } from './http-problem.js';
import {
  fieldsOf,
  formIn,
  formsShown,
  Mistyped,
  nothingRefused,
  queryOf,
  shownProblem,
  type Refused,
} from './console-forms.js';
import { exitIdOf, showExit } from './console-pages.js';
import type { ConsoleRoutes, Seen } from './console-routes.js';
import type { DecisionRequest, ExitsFor, OpenRequest, ResolutionRequest } from './exits-for.js';
import { languageOf, languages } from './pages.js';

export function routeConsoleActs(routes: ConsoleRoutes): void {
  const { page, form, render } = routes;

  /**
   * A form of the page of an exit. Sends the browser on; where the exit refuses, shows the page with the reason.
   * @param name of the part of the page
   * @param doneAs the name of what was done
   */
  function exitForm<T>(
    path: string,
    act: string,
    name: string,
    perform: (exits: ExitsFor, exitId: string, fields: Record<string, string>) => Promise<T>,
    doneAs: (result: T) => string = () => name,
  ): void {
    form(`/exits/:exitId/${path}`, {
      act,
      perform: ({ exits, request }) => perform(exits, exitIdOf(request), fieldsOf(request)),
      done: ({ request, reply }, result) =>
        reply.redirect(`/exits/${encodeURIComponent(exitIdOf(request))}?done=${doneAs(result)}`, 303),
      refused: (seen, shown) => showRefused(seen, name, shown),
    });
  }

  function showRefused(seen: Seen, name: string, shown: Refused): Promise<unknown> {
    const typed = fieldsOf(seen.request);
    const refused = name === 'resolve' ? `resolve:${typed['key']}` : name;
    return showExit(routes, seen, formsShown(seen.request, { ...shown, refused, typed }));
  }

  const decisionIn = ({ outcome, note, effectiveOn, now }: Record<string, string>): DecisionRequest => ({
    ...{ outcome: outcome as Outcome, note, effectiveOn },
    ...(now && { now: true }),
  });

  form('/exits/:exitId/decision/preview', {
    act: 'previewDecision',
    async perform({ exits, request }) {
      const exitId = exitIdOf(request);
      const typed = fieldsOf(request);
      const [{ setsOff, takesEffect, needsSecond }, { employeeId, employeeName }] = await Promise.all([
        exits.previewDecision(exitId, decisionIn(typed)),
        exits.status(exitId),
      ]);
      const of = { employeeId, employeeName };
      const day = takesEffect?.day ?? null;
      return { exitId, of, setsOff, takesEffect, day, needsSecond, typed };
    },
    done: (seen, previewed) => render('decide', seen, previewed),
    refused: (seen, shown) => showRefused(seen, 'decide', shown),
  });

  exitForm(
    'decision',
    'decideExit',
    'decide',
    (exits, exitId, fields) => exits.decide(exitId, decisionIn(fields)),
    ({ proposedAt }) => (proposedAt === undefined ? 'decide' : 'propose'),
  );

  exitForm('confirmation', 'confirmProposal', 'confirm', (exits, exitId, { number }) =>
    exits.confirm(exitId, Number(number)),
  );

  exitForm('rejection', 'rejectProposal', 'reject', (exits, exitId, { number, note }) =>
    exits.reject(exitId, { number: Number(number), note }),
  );

  exitForm('amendment', 'amendExit', 'amend', (exits, exitId, { lastWorkingDay, effectiveOn, note }) =>
    exits.amend(exitId, { lastWorkingDay, effectiveOn, note }),
  );

  exitForm('hand-over', 'handOverExit', 'handOver', (exits, exitId, { to = '' }) =>
    exits.handOver(exitId, { to }),
  );

  exitForm(
    'resolve',
    'resolveStep',
    'resolve',
    (exits, exitId, fields) => {
      const { step = '', system, action, accounts, override, evidence } = fields;
      const ids = accounts?.split(',').map((id) => id.trim());
      return exits.resolve(exitId, {
        ...{ step, system, evidence },
        action: action as ResolutionRequest['action'],
        ...(ids && { accounts: ids }),
        ...(override && { override: true }),
      });
    },
    (step) => (isSettled(step) ? 'resolve' : 'retry'),
  );

  exitForm('interview', 'moveInterview', 'interview', (exits, exitId, { at, zone = '', next }) =>
    exits.reschedule(exitId, next ? { next: true } : { at: instantOf(at, zone) }),
  );

  page('/new', (seen) => showNew(seen));

  form('/new', {
    act: 'openExit',
    async perform({ exits, request }) {
      const fields = fieldsOf(request);
      const { employeeId = '', lastWorkingDay, reason, override, typedName } = fields;
      const asked: OpenRequest = {
        ...{ employeeId, lastWorkingDay, reason, form: formIn(fields) },
        ...(override && { override: true }),
      };
      // The name that the person sees, so that a mistyped id blocks no one else.
      const { employee } = await exits.preview(asked);
      const expected = employee?.displayName ?? employeeId;
      if (searchable(typedName ?? '') !== searchable(expected))
        throw new Mistyped(languages[languageOf(request)]!.open.wrongName);
      return exits.open(asked);
    },
    done: ({ reply }, { exitId }) => reply.redirect(`/exits/${encodeURIComponent(exitId)}?done=open`, 303),
    refused: showNew,
  });

  async function showNew(seen: Seen, shown = nothingRefused): Promise<unknown> {
    const { request, exits } = seen;
    const typed = { ...queryOf(request), ...fieldsOf(request) };
    const { employeeId = '' } = typed;
    const of = { typed, forms, chosen: formIn(typed), employeeId, ...shown };
    if (!exits.may('open')) throw forbidden('Your role opens no exits');
    if (employeeId === '') return render('new', { ...seen, status: shown.code }, of);
    try {
      return await render('new', { ...seen, status: shown.code }, { ...of, ...(await lookUp(seen, of)) });
    } catch (error) {
      const refused = shown.problem ? shown : shownProblem(error);
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
