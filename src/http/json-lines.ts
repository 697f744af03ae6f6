/** Answers of many rows, each of which takes its time: all at once as JSON, or each as it comes as JSON Lines (https://jsonlines.org). */
import { Readable } from 'node:stream';
import { all } from '../client/bulk.js';
import { problemOf, type Problem } from './http-problem.js';

export const JSON_LINES = 'application/jsonl';

export interface Rows<T = unknown> {
  rows: AsyncIterable<T>;
  /** What is known once all rows are there. */
  end?: (rows: T[]) => Promise<object>;
}

/** A line. The last one has `end` or `problem`: without it, the answer was cut off. */
export interface Line<T = unknown, E = object> {
  row?: T;
  end?: E;
  problem?: Problem;
}

export async function inOne({ rows, end }: Rows): Promise<object> {
  const found = await all(rows);
  return { ...(await end?.(found)), rows: found };
}

/**
 * The rows that are not there yet are left where the client goes away.
 * @param failed is told what went wrong after the first row
 * @throws what the first row throws: it can still be answered with a status of its own
 */
export async function inLines({ rows, end }: Rows, failed: (error: Error) => void): Promise<Readable> {
  const iterator = rows[Symbol.asyncIterator]();
  const first = await iterator.next();
  const found: unknown[] = [];
  async function* lines(): AsyncGenerator<string> {
    try {
      for (let next = first; !next.done; next = await iterator.next()) {
        found.push(next.value);
        yield lineOf({ row: next.value });
      }
      yield lineOf({ end: (await end?.(found)) ?? {} });
    } catch (error) {
      failed(error as Error);
      yield lineOf({ problem: problemOf(error as Error) });
    }
  }
  const answer = Readable.from(lines());
  answer.once('close', () => void iterator.return?.().catch(failed));
  return answer;
}

const lineOf = (line: Line): string => `${JSON.stringify(line)}\n`;
