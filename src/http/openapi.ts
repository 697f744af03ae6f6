/** The OpenAPI 3.1 document of the HTTP API. */
import { z } from 'zod';
import { ProblemAnswer } from './api-schemas.js';
import { endpoints, type Endpoint } from './endpoints.js';
import { acts, scopeOf } from './roles.js';

/** @param issuer of the tokens */
export function openapiDocument(version: string, publicUrl: string, issuer: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints)
    paths[endpoint.path] = {
      ...paths[endpoint.path],
      [endpoint.method.toLowerCase()]: operationOf(endpoint),
    };
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

function operationOf({ name, method, path, summary, act, body, query, status, answer }: Endpoint): object {
  return {
    operationId: name,
    summary,
    security: [{ token: [scopeOf(act)] }],
    parameters: [
      ...(path.includes('{exitId}')
        ? [{ ...parameter('path', 'exitId', { type: 'string' }), required: true }]
        : []),
      ...(query ? parametersOf(query) : []),
      ...(method === 'POST'
        ? [parameter('header', 'Idempotency-Key', { type: 'string', maxLength: 255 })]
        : []),
    ],
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(body, 'input') } },
      },
    }),
    responses: {
      [status]: {
        description: 'Done',
        content: { 'application/json': { schema: schemaOf(answer, 'output') } },
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

const parameter = (place: string, name: string, schema: object) => ({ in: place, name, schema });

function parametersOf(query: z.ZodType): object[] {
  const { properties = {} } = schemaOf(query, 'input') as { properties?: Record<string, object> };
  return Object.entries(properties).map(([name, schema]) => parameter('query', name, schema));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  // `transform` has no JSON Schema; its outcome is described by the input.
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
