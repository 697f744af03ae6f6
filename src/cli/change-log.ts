import { once } from 'node:events';
import { describeError } from './describe-error.js';
import type { Session } from './session.js';

export interface Change {
  at: string;
  what: string;
  state: string;
  remark: string;
}

/** Prints what is not as it was when the key was last seen. @param isNews where it is not, it is only remembered */
type See<C extends Change> = (key: string, change: C, isNews?: boolean) => void;

/**
 * Prints changes as they happen, until they are over or Ctrl-C: a line each. With --json they are the elements of one array, which is whole
 * however it ends.
 */
export async function logChanges<C extends Change>(
  session: Session,
  lineOf: (change: C) => string,
  follow: (see: See<C>) => Promise<void>,
): Promise<void> {
  const { json, io } = session;
  let printed = 0;
  let isOver = false;
  const seen = new Map<string, string>();
  const element = (value: unknown): unknown =>
    io.stdout.write(`${printed++ === 0 ? '[\n' : ',\n'}${JSON.stringify(value)}`);
  const see: See<C> = (key, change, isNews = true) => {
    const now = `${change.state} ${change.remark}`;
    const isKnown = seen.get(key) === now;
    seen.set(key, now);
    if (isOver || isKnown || !isNews) return;
    if (json) element(change);
    else session.print(lineOf(change));
  };
  try {
    await Promise.race([follow(see), once(session.endless(), 'abort')]);
  } catch (error) {
    // Where no array has begun, the error is the document.
    if (!json || printed === 0) throw error;
    const { sentence, document } = describeError(error as Error);
    element(document);
    session.warn(sentence);
    session.exitCode = 1;
  } finally {
    isOver = true;
  }
  if (json) io.stdout.write(printed === 0 ? '[]\n' : '\n]\n');
}
