/** Why another person stands in for the manager. */
import { z } from 'zod';
import { fill } from './fill.js';

/** In English. The console has the same members in its language. */
export const standInWords = {
  unnamed: 'the directory names no manager',
  themselves: 'the directory names the employee as their own manager',
  'no-other': 'the directory names no other manager',
  deleted: 'the directory names a manager who no longer exists',
  inactive: 'the manager, {}, is no longer active',
  'no-address': 'the manager, {}, has no mail address',
  leaving: 'the manager, {}, has an open exit of their own',
  /** Between the reason of one manager and that of the next one above. */
  above: ', and above them ',
};
type Words = typeof standInWords;
type Why = Exclude<keyof Words, 'above'>;

const whys = [
  ...(['unnamed', 'themselves', 'no-other', 'deleted'] as const),
  ...(['inactive', 'no-address', 'leaving'] as const),
] satisfies Why[];

/** The reason of each manager, from the nearest one up. `name`: of the manager. */
export const StandInFields = z.array(z.object({ why: z.enum(whys), name: z.string().optional() })).min(1);
export type StandIn = z.output<typeof StandInFields>;

/** @returns a sentence without its full stop */
export const standInOf = (reasons: StandIn, words: Words = standInWords): string =>
  reasons.map(({ why, name }) => fill(words[why], name)).join(words.above);
