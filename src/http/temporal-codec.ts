/**
 * The remote codec of Temporal's Web UI and command line, which shows them what EMS has encrypted. It answers a session of the console,
 * whose cookie the Web UI's page sends along, or a bearer token; and it lets pages of the Web UI alone read the answer.
 */
import cors from '@fastify/cors';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { RemoteCodec } from '../client/remote-codec.js';
import { MissingDataKey } from '../config/data-keys.js';
import { parse } from '../exit/input.js';
import { answerProblems, forbidden, HttpProblem } from './http-problem.js';
import type { Identity } from './identity.js';
import type { Sessions } from './login-sessions.js';
import { scopeOf } from './roles.js';

interface CodecOptions {
  codec: RemoteCodec & object;
  identity: Identity;
  sessions: Sessions;
  /** The origin of the Web UI (RFC 6454); undefined: no page reads the answers. */
  webUi: string | undefined;
}

/** A history has many payloads, and the Web UI sends them at once. Bytes. */
const LONGEST = 8 * 1024 * 1024;

/** In the JSON of protobuf an empty list is absent. */
const Body = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), z.base64()).optional(), data: z.base64().optional() }))
    .default([]),
});

export async function routeTemporalCodec(
  app: FastifyInstance,
  { codec, identity, sessions, webUi }: CodecOptions,
): Promise<void> {
  answerProblems(app);
  await app.register(cors, { origin: webUi ?? false, credentials: true, methods: ['POST'] });
  for (const name of ['encode', 'decode'] as const)
    app.post(`/${name}`, { bodyLimit: LONGEST }, async (request, reply) => {
      const { authorization } = request.headers;
      const user =
        authorization === undefined
          ? (await sessions.of(request, reply))?.user
          : await identity.bearer(authorization);
      if (!user)
        throw new HttpProblem(401, 'unauthenticated', 'Log in to the console, or send a bearer token');
      // A report shows the same evidence.
      if (!user.acts.includes('report'))
        throw forbidden(`${user.name} may not read evidence, which needs ${scopeOf('report')}`);
      const body = parse(Body, request.body);
      if (!body.ok) throw new HttpProblem(400, 'invalid', body.problem);
      try {
        return { payloads: await codec[name](body.value.payloads) };
      } catch (error) {
        if (error instanceof MissingDataKey) throw new HttpProblem(422, 'invalid', error.message);
        throw error;
      }
    });
}
