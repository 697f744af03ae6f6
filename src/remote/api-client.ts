/** Requests to the HTTP API of a console, as the person or the program of a token. */
import { Refusal } from '../exit/refusal.js';
import { isRefusalCode, type Problem } from '../http/http-problem.js';
import { JSON_LINES, type Line } from '../http/json-lines.js';
import { reasonOf } from '../services/protocols/fetch-failure.js';

export interface Access {
  /** The address of the console. */
  console: string;
  /** Called before each request. */
  token: () => Promise<string>;
}

const JSON_TYPE = 'application/json';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;
export type ApiClient = ReturnType<typeof apiClientOf>;

export function apiClientOf({ console, token }: Access) {
  const closed = new AbortController();
  const { signal } = closed;

  /** @returns an answer of the type that was asked for */
  async function ask(method: 'GET' | 'POST', path: string, accept: string, body?: object): Promise<Response> {
    const authorization = `Bearer ${await token()}`;
    const answer = await fetch(`${console}/api/v1${path}`, {
      ...{ method, redirect: 'error', signal },
      headers: { authorization, accept, ...(body && { 'content-type': JSON_TYPE }) },
      ...(body && { body: JSON.stringify(body) }),
    }).catch(cutOff);
    const type = answer.headers.get('content-type') ?? '';
    if (type.startsWith('application/problem+json')) throw refusalOf(await inJson<Problem>(answer), console);
    if (answer.ok && type.startsWith(accept)) return answer;
    throw new Error(
      `${console} answered with ${answer.status} and no JSON: is it the address of the console?`,
    );
  }

  const cutOff = (error: unknown): never => {
    throw unanswered(console, error);
  };
  const inJson = async <T>(answer: Response): Promise<T> =>
    JSON.parse(await answer.text().catch(cutOff)) as T;

  /** The rows as they come. @returns the other members of the answer */
  async function* rows<T, E = object>(path: string, body: object): AsyncGenerator<T, E> {
    const answer = await ask('POST', path, JSON_LINES, body);
    for await (const line of linesOf(answer.body!, cutOff)) {
      const { row, end, problem } = JSON.parse(line) as Line<T, E>;
      if (problem) throw refusalOf(problem, console);
      if (end) return end;
      yield row!;
    }
    return cutOff(new Error('its answer was cut off'));
  }

  const get = <T>(path: string, query: Query = {}): Promise<T> => {
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) given.set(name, String(value));
    return ask('GET', `${path}?${given.toString()}`, JSON_TYPE).then(inJson<T>);
  };
  const post = <T>(path: string, body: object): Promise<T> =>
    ask('POST', path, JSON_TYPE, body).then(inJson<T>);
  const close = (): Promise<void> => Promise.resolve(closed.abort());

  /** @property signal aborted once the client is closed */
  return { get, post, rows, signal, close };
}

async function* linesOf(
  body: ReadableStream<Uint8Array>,
  cutOff: (error: unknown) => never,
): AsyncGenerator<string> {
  const texts = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ''; ;) {
      const { value, done } = await texts.read().catch(cutOff);
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop()!;
      yield* lines;
    }
  } finally {
    await texts.cancel();
  }
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
