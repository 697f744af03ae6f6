/** The OpenAPI 3.1 document of the HTTP API. */
import { z } from 'zod';
import { ProblemAnswer, PublishedEventBody, WebhookAnswer } from './api-schemas.js';
import { STRUCTURED } from './cloud-event.js';
import { endpoints, type Endpoint } from './endpoints.js';
import { JSON_LINES } from './json-lines.js';
import { acts, scopeOf } from './roles.js';

/** @param issuer of the tokens */
export function openapiDocument(version: string, publicUrl: string, issuer: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints)
    paths[endpoint.path] = {
      ...paths[endpoint.path],
      [endpoint.method.toLowerCase()]: operationOf(endpoint),
    };
  paths['/webhooks/{source}'] = { post: webhookOperation };
  return {
    openapi: '3.1.0',
    info: {
      title: 'Exit Management System',
      version,
      description:
        'Exits of employees. Whose act it is follows from the token: a body never names the person who acts.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: `${publicUrl}/api/v1` }],
    paths,
    webhooks: { exitEvent: { post: eventOperation } },
    components: {
      securitySchemes: {
        token: {
          type: 'openIdConnect',
          openIdConnectUrl: `${issuer}/.well-known/openid-configuration`,
          description: `A JWT of ${issuer}. Scopes: ${acts.map(scopeOf).join(', ')}`,
        },
      },
      schemas: { Problem: schemaOf(ProblemAnswer, 'output') },
      responses: {
        Problem: {
          description: 'Refused or failed (RFC 9457). `code` is for programs, `detail` is for people.',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  };
}

function operationOf(endpoint: Endpoint): object {
  const { name, method, path, summary, act, or, body, mediaType, query, status, answer, inRows } = endpoint;
  return {
    operationId: name,
    summary,
    security: [act, or ?? []].flat().map((each) => ({ token: [scopeOf(each)] })),
    parameters: [
      ...(path.includes('{exitId}') ? [required('path', 'exitId', { type: 'string' })] : []),
      ...(query ? parametersOf(query) : []),
      ...(method === 'POST'
        ? [parameter('header', 'Idempotency-Key', { type: 'string', maxLength: 255 })]
        : []),
    ],
    ...(body && {
      requestBody: {
        required: true,
        content: { [mediaType ?? 'application/json']: { schema: schemaOf(body, 'input') } },
      },
    }),
    responses: answers(status, answer, inRows),
  };
}

const parameter = (place: string, name: string, schema: object) => ({ in: place, name, schema });

const required = (place: string, name: string, schema: object) => ({
  ...parameter(place, name, schema),
  required: true,
});

const answers = (status: number, answer: z.ZodType, inRows = false) => ({
  [status]: {
    description: 'Done',
    ...(status === 201 && {
      headers: { location: { description: 'The path of the exit.', schema: { type: 'string' } } },
    }),
    content: {
      'application/json': { schema: schemaOf(answer, 'output') },
      ...(inRows && { [JSON_LINES]: { schema: lines } }),
    },
  },
  default: { $ref: '#/components/responses/Problem' },
});

/** OpenAPI 3.1 has no schema for a sequence of values. */
const lines = {
  type: 'string',
  description:
    'Lines of JSON, as the rows come: each has a `row`. The last has `end`, with the other members of the answer, or a `problem`; without it, the answer was cut off.',
};

/** The headers of Standard Webhooks 1.0. */
const signature = [
  required('header', 'webhook-id', { type: 'string', maxLength: 255 }),
  required('header', 'webhook-timestamp', { type: 'string', description: 'Seconds since 1970.' }),
  required('header', 'webhook-signature', { type: 'string' }),
];

const eventOperation = {
  operationId: 'exitEvent',
  summary:
    'What a subscriber of the configuration gets, signed by Standard Webhooks 1.0: at least once, and the events of an exit in order.',
  security: [],
  parameters: signature,
  requestBody: {
    required: true,
    content: { [STRUCTURED]: { schema: schemaOf(PublishedEventBody, 'output') } },
  },
  responses: {
    '2XX': { description: 'Taken' },
    '422': {
      description: 'Refused for good, as are 400, 410, 413 and 415. Any other answer is tried again.',
    },
  },
};

const webhookOperation = {
  operationId: 'receiveWebhook',
  summary:
    'Takes the delivery of an HRIS, signed by Standard Webhooks 1.0. The mapping of the source says what it means. What no repetition mends is answered with 200 and the outcome "refused".',
  security: [],
  parameters: [required('path', 'source', { type: 'string' }), ...signature],
  requestBody: { required: true, content: { 'application/json': { schema: {} } } },
  responses: answers(200, WebhookAnswer),
};

function parametersOf(query: z.ZodType): object[] {
  const { properties = {}, required: needed = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, object>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) =>
    (needed.includes(name) ? required : parameter)('query', name, schema),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  // `transform` has no JSON Schema; its outcome is described by the input.
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
