/** The console: pages for people, rendered here. They work without script; a script only keeps the page of an exit up to date. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stringifySetCookie } from 'cookie';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config/config.js';
import { logged, logRefused, type Asking } from './act-log.js';
import { routeConsoleActs } from './console-acts.js';
import { shownProblem } from './console-forms.js';
import { routeConsoleOpenings } from './console-openings.js';
import { routeConsolePages } from './console-pages.js';
import type { ConsoleRoutes, MorePage } from './console-routes.js';
import { routeConsoleTable } from './console-table.js';
import type { ExitsFor } from './exits-for.js';
import { HttpProblem, problemOf } from './http-problem.js';
import type { Identity } from './identity.js';
import { ownPath, routeLogin } from './login.js';
import type { Sessions } from './login-sessions.js';
import { consoleFolder, LANGUAGE_COOKIE, languages, pagesIn } from './pages.js';
import { isPlainHttp, type Settings } from './settings.js';
import type { User } from './user.js';

export interface ConsoleOptions {
  settings: Settings;
  identity: Identity;
  sessions: Sessions;
  exitsFor: (user: User, request: Asking) => ExitsFor;
  config: Config;
  more: MorePage | undefined;
}

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const YEAR_S = 31_536_000;

export function routeConsole(app: FastifyInstance, options: ConsoleOptions): void {
  const { settings, identity, sessions, exitsFor, config, more } = options;
  const { publicUrl } = settings;
  const { render, stream } = pagesIn(config, more);

  app.setErrorHandler(async (error: Error, request, reply) => {
    const { status, code, detail: message } = problemOf(error);
    if (status >= 500) request.log.error({ err: error }, 'a page failed');
    // A page that cannot know who asks shows the sentence alone.
    const session = await sessions.of(request, reply);
    return render('problem', { request, reply, session, status }, { problem: { code, message } });
  });
  app.setNotFoundHandler(() => {
    throw new HttpProblem(404, 'unknown-page', `There is no such page: see ${publicUrl}`);
  });

  for (const name of ['console.css', 'console.js', 'icon.svg']) {
    const file = readFileSync(path.join(consoleFolder, 'static', name));
    app.get(`/static/${name}`, (_request, reply) =>
      reply.type(types[path.extname(name)]!).header('cache-control', 'max-age=300').send(file),
    );
  }

  app.get<{ Params: { to: string }; Querystring: { back?: string } }>('/language/:to', (request, reply) => {
    const { to } = request.params;
    if (!Object.hasOwn(languages, to))
      throw new HttpProblem(404, 'unknown-page', 'The console does not speak this language');
    const secure = !isPlainHttp(publicUrl);
    const cookie = {
      name: LANGUAGE_COOKIE,
      value: to,
      path: '/',
      sameSite: 'lax',
      maxAge: YEAR_S,
      secure,
    } as const;
    return reply
      .header('set-cookie', stringifySetCookie({ ...cookie, httpOnly: true }))
      .redirect(ownPath(request.query.back, publicUrl));
  });

  routeLogin(app, { settings, identity, sessions });
  app.get('/logged-out', (request, reply) => render('logged-out', { request, reply }));

  const routes: ConsoleRoutes = {
    ...{ app, config, render, stream, publicUrl },
    page: (url, show) =>
      void app.get(url, async (request, reply) => {
        const session = await sessions.of(request, reply);
        if (!session) return reply.redirect(`/login?to=${encodeURIComponent(request.url)}`);
        return show({ request, reply, session, exits: exitsFor(session.user, request) });
      }),
    form: (url, { act: name, perform, done, refused }) =>
      void app.post(url, async (request, reply) => {
        const session = await sessions.of(request, reply);
        if (!session) return render('expired', { request, reply, status: 401 });
        const { exitId } = request.params as { exitId?: string };
        const act = { act: name, subject: session.user.subject, exitId };
        try {
          sessions.requireOwnForm(session, request);
        } catch (error) {
          // Nothing of what it sent is shown.
          logRefused(request, act, error as Error);
          throw error;
        }
        const seen = { request, reply, session, exits: exitsFor(session.user, request) };
        try {
          return await done(seen, await logged(request, act, () => perform(seen)));
        } catch (error) {
          return refused(seen, shownProblem(error));
        }
      }),
  };
  routeConsolePages(routes);
  routeConsoleActs(routes);
  routeConsoleTable(routes);
  routeConsoleOpenings(routes);
  more?.route(routes);
}
