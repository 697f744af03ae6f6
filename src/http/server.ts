/** The HTTP server: the API and the console over one application. */
import formBody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import multipart from '@fastify/multipart';
import rateLimit from '@fastify/rate-limit';
import fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
} from 'fastify';
import type { Config } from '../config/config.js';
import { MOST_BYTES } from '../client/bulk.js';
import type { Log } from '../process/logger.js';
import { routeApi } from './api.js';
import { routeConsole } from './console.js';
import type { MorePage } from './console-routes.js';
import { exitsOf, type Served } from './exits-for.js';
import { HttpProblem, problemOf } from './http-problem.js';
import { identityOf } from './identity.js';
import { sessionsOf } from './login-sessions.js';
import { openapiDocument } from './openapi.js';
import { METADATA_PATH, protectedResourceOf } from './protected-resource.js';
import type { Settings } from './settings.js';
import { routeTemporalCodec } from './temporal-codec.js';

interface ServerOptions extends Served {
  settings: Settings;
  config: Config;
  log: Log;
  /** A page that only this installation has. */
  more?: MorePage;
}

/** Bytes. */
const LONGEST_BODY = 64 * 1024;

export async function createServer({ settings, config, log, more, ...served }: ServerOptions) {
  const { publicUrl, trustedProxies, requestsPerMinute, oidc } = settings;
  // As the type of the instance has it.
  const logger: FastifyBaseLogger = log;
  const app = fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LONGEST_BODY,
    // An address that no route sees: malformed, or with a parameter that is too long.
    frameworkErrors(error, _request, reply) {
      const problem = problemOf(error);
      void (reply as FastifyReply).code(problem.status).type('application/problem+json').send(problem);
    },
    // Connections that wait for the next request end at once, requests under way are answered.
    forceCloseConnections: 'idle',
    ...(trustedProxies !== undefined && { trustProxy: trustedProxies }),
  });
  const identity = identityOf(settings);
  const exitsFor = exitsOf(served);

  await app.register(helmet, headersOf(settings));
  await app.register(rateLimit, { max: requestsPerMinute, timeWindow: '1 minute' });
  await app.register(formBody);
  await app.register(multipart, {
    attachFieldsToBody: 'keyValues',
    limits: { files: 1, fileSize: MOST_BYTES, fieldSize: MOST_BYTES, fields: 10 },
  });
  refuseOtherHosts(app, publicUrl);

  app.get('/healthz', { config: { rateLimit: false } }, () => ({ status: 'ok' }));
  app.get('/readyz', { config: { rateLimit: false } }, async () => {
    await identity.client();
    // The answer does not matter: it shows that the engines answer.
    const { problems } = await served.application.list({ employeeId: 'none' });
    if (problems[0]) throw problems[0];
    return { status: 'ok' };
  });

  const resource = protectedResourceOf(settings);
  app.get(METADATA_PATH, () => resource);

  const document = openapiDocument(served.version, publicUrl, oidc.issuer);
  const { application } = served;
  await app.register((api) => routeApi(api, { identity, application, config, exitsFor, document }), {
    prefix: '/api/v1',
  });
  const sessions = sessionsOf(settings);
  const { codec } = served;
  if (codec)
    await app.register(
      (routes) => routeTemporalCodec(routes, { codec, identity, sessions, webUi: settings.temporalUi }),
      { prefix: '/temporal-codec' },
    );
  routeConsole(app, { settings, identity, sessions, exitsFor, config, more });
  return app;
}

/** Pages load nothing from other hosts, run no inline script, and stand in no frame. */
function headersOf({ publicUrl, oidc }: Settings) {
  const none = ["'none'"];
  const self = ["'self'"];
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: none,
        scriptSrc: self,
        styleSrc: self,
        imgSrc: self,
        connectSrc: self,
        // A logout goes on to the provider, and browsers hold redirects of forms to this as well.
        formAction: [...self, new URL(oidc.issuer).origin],
        baseUri: none,
        frameAncestors: none,
      },
    },
    frameguard: { action: 'deny' as const },
    referrerPolicy: { policy: 'same-origin' as const },
    strictTransportSecurity: publicUrl.startsWith('https:') && { maxAge: 31_536_000 },
  };
}

/** Against DNS rebinding: a page of another name that resolves to this server reads nothing. */
function refuseOtherHosts(app: FastifyInstance, publicUrl: string): void {
  const { host } = new URL(publicUrl);
  const probes = new Set(['/healthz', '/readyz']);
  app.addHook('onRequest', async ({ headers, url }) => {
    if (headers.host !== host && !probes.has(url))
      throw new HttpProblem(421, 'unknown-page', `This server is ${publicUrl}, and answers to no other name`);
  });
}
