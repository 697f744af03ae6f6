/** What a phase of `npm run bench` is. */

export interface Scale {
  rounds: number;
  inFlight: number;
  windowMs: number;
  parked: number;
  burst: number;
}

export interface World {
  folder: string;
  scale: Scale;
  progress: (line: string) => void;
}

/** The figures, and a page of them in Markdown. */
export type Phase = (world: World) => Promise<{ page: string; [figure: string]: unknown }>;
