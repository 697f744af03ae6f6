/** What takes part in the comparison: an engine, one process beside it that does the work, and a client that hands exits in. */
import type { Effects } from './effects.js';

export interface Arm {
  /** As the tables call it. */
  label: string;
  systems: readonly string[];
  effects: Effects;
  open: (employeeId: string) => Promise<void>;
  /** *Retained*. */
  retain: (employeeId: string) => Promise<void>;
  /** The other outcome; only the product's workflow has it here. */
  leave?: (employeeId: string) => Promise<void>;
  /** Of the history of a finished exit; on Temporal only. */
  events?: (employeeId: string) => Promise<number>;
  /** Of NATS. */
  url?: string;
  /** With the guards of the engine, whose children they are. */
  pids: { engine: number; worker: number };
  stop: () => Promise<void>;
}

export const systemsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `system-${i + 1}`);

let employees = 0;
export const nextEmployee = (): string => `B-${++employees}`;
