/** Pages of a list by cursor: a page goes on after the last exit of the page before, also where exits were opened since. */
import type { ListedExit } from '../exit/exits.js';
import { HttpProblem } from './http-problem.js';

/** The position in the order of the list: open ones first, then the newest. */
const positionOf = ({ closedAt, openedAt, exitId }: ListedExit): string[] => [
  closedAt ?? '9999',
  openedAt,
  exitId,
];

/** @throws HttpProblem 400 where the cursor is none of ours */
export function pageOf<T extends ListedExit>(
  exits: readonly T[],
  limit: number,
  cursor: string | undefined,
): { exits: T[]; next?: string } {
  const after = cursor === undefined ? undefined : decode(cursor);
  const sorted = exits.toSorted((a, b) => compare(positionOf(a), positionOf(b)));
  const rest = after ? sorted.filter((exit) => compare(positionOf(exit), after) > 0) : sorted;
  const page = rest.slice(0, limit);
  return { exits: page, ...(rest.length > limit && { next: encode(positionOf(page.at(-1)!)) }) };
}

/** Descending. */
function compare(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((part, i) => part !== b[i]);
  return at < 0 ? 0 : a[at]! > b[at]! ? -1 : 1;
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
