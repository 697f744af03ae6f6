import { once } from 'node:events';
import { describeError } from './describe-error.js';
import { jsonOf, printableCopy } from '../client/printable.js';
import type { Session } from './session.js';

export interface Change {
  at: string;
  what: string;
  state: string;
  remark: string;
}

/** Prints a change that differs from the last one under its key. @param isNews false: only remember it */
type See<C extends Change> = (key: string, change: C, isNews?: boolean) => void;

/**
 * Prints a line for each change, until the changes end or Ctrl-C. With --json they are the elements of one array, which is always whole.
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
    io.stdout.write(`${printed++ === 0 ? '[\n' : ',\n'}${jsonOf(value)}`);
  const see: See<C> = (key, change, isNews = true) => {
    const now = `${change.state} ${change.remark}`;
    const isKnown = seen.get(key) === now;
    seen.set(key, now);
    if (isOver || isKnown || !isNews) return;
    if (json) element(change);
    else session.print(lineOf(printableCopy(change)));
  };
  try {
    await Promise.race([follow(see), once(session.endless(), 'abort')]);
  } catch (error) {
    // Before the array begins, the error is the document.
    if (!json || printed === 0) throw error;
    const { sentence, document } = describeError(error as Error, session);
    element(document);
    session.warn(sentence);
    session.exitCode = 1;
  } finally {
    isOver = true;
  }
  if (json) io.stdout.write(printed === 0 ? '[]\n' : '\n]\n');
}
