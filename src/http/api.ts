/** The HTTP API under `/api/v1`: JSON, for programs with a bearer token. A session cookie does not count here, so it needs no CSRF token. */
import type { FastifyInstance } from 'fastify';
import type { Application } from '../client/application.js';
import type { Config } from '../config/config.js';
import { logged, logRefused, type Asking } from './act-log.js';
import { STRUCTURED, structuredForm } from './cloud-event.js';
import { endpoints } from './endpoints.js';
import type { ExitsFor } from './exits-for.js';
import { answerProblems, HttpProblem } from './http-problem.js';
import { idempotently, requestIdOf } from './idempotency.js';
import type { Identity } from './identity.js';
import { inLines, inOne, JSON_LINES, type Rows } from './json-lines.js';
import type { User } from './user.js';
import { routeWebhooks } from './webhooks.js';

interface ApiOptions {
  identity: Identity;
  application: Application;
  config: Config;
  exitsFor: (user: User, request: Asking) => ExitsFor;
  document: object;
}

const LONGEST_KEY = 255;

export async function routeApi(app: FastifyInstance, options: ApiOptions): Promise<void> {
  const { identity, application, config, exitsFor, document } = options;
  const once = idempotently();
  answerProblems(app);
  app.setNotFoundHandler(() => {
    throw new HttpProblem(404, 'unknown-page', 'The API has no such address: see /api/v1/openapi.json');
  });
  app.get('/openapi.json', () => document);
  app.addContentTypeParser(STRUCTURED, { parseAs: 'string' }, app.getDefaultJsonParser('error', 'error'));
  // Reads the secrets now, so that a missing one is not found out by the first delivery.
  const webhooks = config.webhooks.map((webhook) => ({ ...webhook }));
  const { timeZone } = config.interview;
  await app.register((hooks) => routeWebhooks(hooks, { webhooks, timeZone, application }), {
    prefix: '/webhooks',
  });

  for (const { method, path, name, status, bodyLimit, inRows, answerTo } of endpoints)
    app.route<{ Params: { exitId?: string } }>({
      method,
      url: path.replace('{exitId}', ':exitId'),
      ...(bodyLimit !== undefined && { bodyLimit }),
      async handler(request, reply) {
        const user = await identity.bearer(request.headers.authorization);
        const { exitId = '' } = request.params;
        const { headers, query } = request;
        const body = structuredForm(headers, request.body);
        const key = method === 'POST' ? headers['idempotency-key']?.toString() : undefined;
        if (key !== undefined && (key.length > LONGEST_KEY || key === ''))
          throw new HttpProblem(400, 'invalid', `Idempotency-Key: must have 1 to ${LONGEST_KEY} characters`);
        const requestId = key === undefined ? undefined : requestIdOf('api', user.subject, key);
        const asked = { exits: exitsFor(user, request), exitId, body, query, requestId };
        const act = { act: name, subject: user.subject, exitId: exitId || undefined };
        const rows = async () => (await answerTo(asked)) as Rows;
        // What is remembered for a repetition has to be there as a whole.
        if (inRows && key === undefined && headers.accept?.includes(JSON_LINES)) {
          const failed = (error: Error) => logRefused(request, act, error);
          const lines = await logged(request, act, async () => inLines(await rows(), failed));
          return reply.code(status).type(JSON_LINES).send(lines);
        }
        const ask = async () => (inRows ? inOne(await rows()) : answerTo(asked));
        const answer = await once(key, [user.subject, name, exitId], body, async () => ({
          status,
          body: await (method === 'POST' ? logged(request, act, ask) : ask()),
        }));
        if (answer.status === 201) {
          const { exitId: opened } = answer.body as { exitId: string };
          void reply.header('location', `/api/v1/exits/${opened}`);
        }
        return reply.code(answer.status).send(answer.body);
      },
    });
}
