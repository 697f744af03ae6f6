/** What a phase of the comparison is: it measures, and shows what it has measured. */
import type { Form } from './form.js';
import type { Outside } from './outside.js';
import type { RoundOptions } from './rounds.js';

/** How much of each is done; `--quick` does the least that still shows that all of it works. */
export interface Scale {
  /** Exits one at a time, per round. */
  alone: number;
  /** Of a table that opens as many exits, per round. */
  rows: number;
  /** Exits under load, per round, and how fast they come. */
  load: number;
  perSecond: number;
  inFlight: number;
  windowMs: number;
  outageMs: number;
  /** Exits that are opened while a service is down. */
  duringOutage: number;
  /** Exits under way when a process is killed. */
  atKill: number;
  restMs: number;
  /** How often each command of the diagnosis is timed. */
  asks: number;
}

export interface World {
  folder: string;
  outside: Outside;
  forms: Form[];
  rounds: number;
  scale: Scale;
  isQuick: boolean;
  progress: (line: string) => void;
  roundsOf: (what: string) => RoundOptions;
}

export interface Phase<F> {
  name: string;
  /** `split`: only those with a process per service; `none`: it starts what it needs, or needs nothing. */
  forms: 'all' | 'split' | 'none';
  /** How long it takes, roughly. */
  minutes: (of: Pick<World, 'rounds' | 'scale'>) => number;
  measure: (world: World) => Promise<F>;
  /** Markdown. */
  page: (figures: F, of: Pick<World, 'rounds' | 'scale'>) => string;
}
