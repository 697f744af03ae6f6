import type { Parsed } from '../exit/input.js';
import { Refusal } from '../exit/refusal.js';

/** @throws Refusal `invalid` */
export function valid<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Refusal('invalid', parsed.problem);
}
