/** SCIM messages (RFC 7644 §3) over HTTP. */
import { FinalFailure } from '../../exit/failures.js';
import { askedOnce } from './asked-once.js';
import { createExchange, type HttpServer } from './http-exchange.js';
import type { HttpAnswer } from './http-answer.js';
import { attribute, isObject } from './scim-resource.js';

const ACCEPT = { accept: 'application/scim+json, application/json' };

export interface ScimAnswer extends HttpAnswer {
  /** Undefined where the body is empty. */
  json: unknown;
  /** Whether the status, or an error message in the body, says that it worked. */
  ok: boolean;
  /** Whether SCIM itself says 404, and not a gateway or a wrong address. */
  isScimNotFound: boolean;
}

export type ScimWire = ReturnType<typeof createScimWire>;

export function createScimWire(server: HttpServer) {
  const { name } = server;
  const exchange = createExchange(server);

  const ask: typeof send = (what, method, path, ...rest) => {
    const sent = () => send(what, method, path, ...rest);
    return method === 'GET' ? askedOnce(server.base + path, sent, ({ ok }) => ok) : sent();
  };

  async function send(
    what: string,
    method: string,
    path: string,
    signal: AbortSignal,
    patch?: { body: object; ifMatch?: string | undefined },
  ): Promise<ScimAnswer> {
    const answer = await exchange.send(
      {
        ...{ what, method, path },
        headers: {
          ...ACCEPT,
          ...(patch && { 'content-type': 'application/scim+json' }),
          ...(patch?.ifMatch !== undefined && { 'if-match': patch.ifMatch }),
        },
        ...(patch && { body: JSON.stringify(patch.body) }),
      },
      signal,
    );
    const json = parsed(answer.text);
    const isError = isErrorMessage(json);
    // Some servers send an error message with the status 200.
    const told = Number(attribute(json, 'status'));
    const status = isError && isSuccess(answer.status) && told >= 400 ? told : answer.status;
    const ok = isSuccess(status) && !isError && !saysError(json);
    return { ...answer, status, json, ok, isScimNotFound: status === 404 && isError };
  }

  return {
    name,
    ask,
    failure: exchange.failure,

    /** Whether the server refuses the request itself: it neither is out of order, nor asks to wait. */
    isRefusal: (answer: ScimAnswer, what: string): boolean =>
      exchange.failure(answer, what) instanceof FinalFailure,

    /** @throws Error as on an outage: another server answered, or this one is out of order */
    strange: (what: string, instead: string): Error =>
      new Error(`${name} answered "${what}" with something that is not ${instead}`),
  };
}

/** @returns with its "?", or empty without parameters */
export function queryString(query: Record<string, string>): string {
  // Not every server takes "+" for a space.
  const encoded = new URLSearchParams(query).toString().replaceAll('+', '%20');
  return encoded && `?${encoded}`;
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300;

/** @returns undefined where the text is no JSON */
function parsed(text: string): unknown {
  // As text, since a longer integer than a double holds would become another id.
  const exact = text.replaceAll(/"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])\d{16,}(?![\d.eE])/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
  try {
    return JSON.parse(exact) as unknown;
  } catch {
    // The caller says what it expected instead.
    return undefined;
  }
}

/** An error message of SCIM 2.0 (RFC 7644 §3.12), or of SCIM 1.1 (`Errors`). */
function isErrorMessage(json: unknown): boolean {
  if (!isObject(json)) return false;
  const schemas = attribute(json, 'schemas');
  const isOurs = (schema: unknown): boolean => /:messages:2\.0:Error$/i.test(String(schema));
  const errors = attribute(json, 'Errors');
  const isOf11 = Array.isArray(errors) || attribute(errors, 'code') !== undefined;
  return isOf11 || (Array.isArray(schemas) && schemas.some(isOurs));
}

/** An error in other words than SCIM's, under the status of a success: `{"ok": false, "error": "…"}`. */
const saysError = (json: unknown): boolean =>
  isObject(json) &&
  attribute(json, 'schemas') === undefined &&
  (Boolean(attribute(json, 'error') ?? attribute(json, 'errors')) ||
    attribute(json, 'ok') === false ||
    attribute(json, 'success') === false);
