/** Pages of a list by cursor: a page goes on after the last exit of the page before, also where exits were opened since. */
import { comparePositions, positionOf, type ListedExit, type Page } from '../exit/exits.js';
import { HttpProblem } from './http-problem.js';

/** @returns which part of a list the reader needs for a page, and one exit more, which shows that there is a next one */
export const partFor = (limit: number, cursor: string | undefined): Page => ({
  limit: limit + 1,
  after: cursor === undefined ? undefined : decode(cursor),
});

/**
 * @param exits in the order of a list, at least those of `partFor`
 * @throws HttpProblem 400 where the cursor is none of ours
 */
export function pageOf<T extends ListedExit>(
  exits: readonly T[],
  limit: number,
  cursor: string | undefined,
): { exits: T[]; next?: string } {
  const after = cursor === undefined ? undefined : decode(cursor);
  const rest = after ? exits.filter((exit) => comparePositions(positionOf(exit), after) > 0) : exits;
  const page = rest.slice(0, limit);
  return { exits: page, ...(rest.length > limit && { next: encode(positionOf(page.at(-1)!)) }) };
}

const encode = (position: string[]): string => Buffer.from(JSON.stringify(position)).toString('base64url');

function decode(cursor: string): string[] {
  try {
    const position: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(position) && position.length === 3 && position.every((p) => typeof p === 'string'))
      return position;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new HttpProblem(400, 'invalid', 'cursor: is not one that a page of this list has given');
}
