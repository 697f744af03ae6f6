/** The log of acts, over the API and in the console: who asked for what, from where, and why it was refused. No name, no mail address. */
import type { FastifyRequest } from 'fastify';
import { ExitId } from '../exit/events.js';
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
  try {
    const done = await perform();
    const { exitId = act.exitId } = Object(done) as Partial<Act>;
    request.log.info(lineOf(request, { ...act, exitId }), DONE);
    return done;
  } catch (error) {
    logRefused(request, act, error as Error);
    throw error;
  }
}

export const logRefused = (request: Asking, act: Act, error: Error): void =>
  request.log.warn({ ...lineOf(request, act), code: problemOf(error).code }, REFUSED);

/** Of several openings each is an act. */
export async function* loggedRows<
  T extends { employeeId: string; exitId?: string | undefined; state: string },
>(request: Asking, act: Act, rows: AsyncIterable<T>): AsyncGenerator<T> {
  for await (const row of rows) {
    const { employeeId, exitId, state } = row;
    const isDone = state === 'opened' || state === 'rejected';
    const line = { ...lineOf(request, { ...act, exitId }), employeeId, state };
    request.log[isDone ? 'info' : 'warn'](line, isDone ? DONE : REFUSED);
    yield row;
  }
}

/** A path can have any text in the place of an exit id, an address among it. */
const lineOf = ({ ip: address }: Asking, { exitId, ...who }: Act) => ({
  ...who,
  exitId: ExitId.safeParse(exitId).data,
  address,
});
