/** Requests to the HTTP API of a console, as the person or the program of a token. */
import { Refusal } from '../exit/refusal.js';
import { isRefusalCode, type Problem } from '../http/http-problem.js';
import { reasonOf } from '../services/protocols/fetch-failure.js';

export interface Access {
  /** The address of the console. */
  console: string;
  /** Called before each request. */
  token: () => Promise<string>;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;
export type ApiClient = ReturnType<typeof apiClientOf>;

export function apiClientOf({ console, token }: Access) {
  const closed = new AbortController();
  const { signal } = closed;

  async function ask<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> {
    const authorization = `Bearer ${await token()}`;
    const answer = await fetch(`${console}/api/v1${path}`, {
      ...{ method, redirect: 'error', signal },
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      throw unanswered(console, error);
    });
    const text = await answer.text();
    const type = answer.headers.get('content-type') ?? '';
    if (type.startsWith('application/problem+json')) throw refusalOf(JSON.parse(text) as Problem, console);
    if (answer.ok && type.startsWith('application/json')) return JSON.parse(text) as T;
    throw new Error(
      `${console} answered with ${answer.status} and no JSON: is it the address of the console?`,
    );
  }

  const get = <T>(path: string, query: Query = {}): Promise<T> => {
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) given.set(name, String(value));
    return ask('GET', `${path}?${given.toString()}`);
  };
  const post = <T>(path: string, body: object): Promise<T> => ask('POST', path, body);
  const close = (): Promise<void> => Promise.resolve(closed.abort());

  /** @property signal aborted once the client is closed */
  return { get, post, signal, close };
}

/** An act that was sent may have taken effect; one that met no server has not. */
function unanswered(console: string, error: unknown): Refusal {
  const why = reasonOf(error);
  const sentence = `The console ${console} cannot be reached: ${why}`;
  const isSent = !/^E(CONNREFUSED|HOSTUNREACH|NETUNREACH)$|^DNS/.test(why);
  const more = isSent ? '. A command that changes an exit may still take effect' : '';
  return new Refusal('unreachable', sentence + more, { console }, { cause: error });
}

/** @returns the refusal of the API, in its own words */
function refusalOf({ code, detail, status, facts }: Problem, console: string): Error {
  if (!isRefusalCode(code)) return new Error(detail);
  // What the server lacks, the person here cannot start.
  return new Refusal(code, detail, status >= 500 ? { ...facts, console } : facts);
}
