/**
 * The log of acts, over the API and in the console: who asked for what, from where, and why it was refused. No name, no mail address. Each act
 * is a span in the trace of its exit.
 */
import type { FastifyRequest } from 'fastify';
import { ExitId } from '../exit/events.js';
import { traceAct } from '../process/tracing.js';
import { problemOf } from './http-problem.js';

/** The log and the network address of a request. */
export type Asking = Pick<FastifyRequest, 'ip' | 'log'>;

interface Act {
  /** The `operationId` of the API, where it has one. */
  act: string;
  /** `sub` of the identity provider. */
  subject: string;
  /** As the path has it; absent where the exit is not there yet, or where there are several. */
  exitId?: string | undefined;
}

const DONE = 'an act';
const REFUSED = 'an act that was refused or failed';

/** @param perform its result may tell which exit it has opened */
export async function logged<T>(request: Asking, act: Act, perform: () => T | Promise<T>): Promise<T> {
  const startedAt = new Date();
  try {
    const done = await perform();
    const { exitId = act.exitId } = Object(done) as Partial<Act>;
    tell(request, { ...act, exitId }, startedAt);
    return done;
  } catch (error) {
    logRefused(request, act, error as Error, startedAt);
    throw error;
  }
}

export const logRefused = (request: Asking, act: Act, error: Error, startedAt = new Date()): void =>
  tell(request, act, startedAt, problemOf(error).code);

/** Of several openings each is an act. */
export async function* loggedRows<
  T extends { employeeId: string; exitId?: string | undefined; state: string },
>(request: Asking, act: Act, rows: AsyncIterable<T>): AsyncGenerator<T> {
  let startedAt = new Date();
  for await (const row of rows) {
    const { employeeId, exitId, state } = row;
    const isDone = state === 'opened' || state === 'rejected';
    tell(request, { ...act, exitId }, startedAt, isDone ? undefined : state, { employeeId, state });
    yield row;
    startedAt = new Date();
  }
}

/** @param refusal what it was refused with; undefined where it is done */
function tell(
  { ip: address, log }: Asking,
  { exitId: named, ...who }: Act,
  startedAt: Date,
  refusal?: string,
  more: object = { code: refusal },
): void {
  // A path can have any text in the place of an exit id, an address among it.
  const exitId = ExitId.safeParse(named).data;
  const line = { ...who, exitId, address, ...more };
  log[refusal === undefined ? 'info' : 'warn'](line, refusal === undefined ? DONE : REFUSED);
  if (exitId !== undefined) traceAct({ exitId, act: who.act, startedAt, code: refusal });
}
