/** CloudEvents 1.0 by the HTTP protocol binding: binary (§3.1) and structured (§3.2) content mode. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { OpenBody } from './api-schemas.js';
import { HttpProblem } from './http-problem.js';

export const STRUCTURED = 'application/cloudevents+json';

/** `source` and `id` together are the same at each repetition (CloudEvents 1.0 §3.1.1). Other attributes are left out. */
const Attribute = z.string('must be set').min(1, 'must be set').max(255, 'must be at most 255 characters');
export const ResignedEvent = z.object({
  specversion: z.literal('1.0', 'must be 1.0'),
  id: Attribute,
  source: Attribute,
  type: z.literal('employee.resigned', 'must be employee.resigned'),
  data: OpenBody,
});

/** @returns the event as its structured form; a body that is no event of the binary mode as it came */
export function structuredForm(headers: IncomingHttpHeaders, body: unknown): unknown {
  if (headers['ce-specversion'] === undefined || headers['content-type']?.startsWith(STRUCTURED)) return body;
  const attributes = Object.entries(headers).flatMap(([name, value]) =>
    name.startsWith('ce-') ? [[name.slice('ce-'.length), decoded(name, String(value))]] : [],
  );
  return { ...(Object.fromEntries(attributes) as object), data: body };
}

/** §3.1.3.2: percent-encoded, and perhaps in quotes. */
function decoded(name: string, value: string): string {
  try {
    return decodeURIComponent(value.replace(/^"(.*)"$/, '$1'));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new HttpProblem(400, 'invalid', `${name}: is not percent-encoded as CloudEvents asks for`);
  }
}
