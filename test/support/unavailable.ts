/** Servers that the machine lacks, and that the tests cannot install. */
import type { Context } from 'mocha';

export class Unavailable extends Error {}

/** Makes the tests after a `before` hook pending where the server is unavailable, and tells the reason. */
export async function orPending<T>(hook: Context, starting: Promise<T>): Promise<T> {
  try {
    return await starting;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    console.error(`pending: ${error.message}`);
    return hook.skip();
  }
}
