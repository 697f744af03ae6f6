/** Many random scripts, in several lanes at once. */
import fc from 'fast-check';
import { Lane, type LaneServer, type Mistake } from './lane.js';
import { script } from './script.js';

export interface Campaign {
  servers: LaneServer[];
  lanesPerServer: number;
  runs: number;
  seed: number;
  mistake?: Mistake;
}

export interface Result {
  sequences: number;
  requests: number;
  tried: Map<string, number>;
  excuses: Map<string, number>;
  /** What fast-check has to say of each lane that failed, and in which run it did first. */
  failures: { report: string; runs: number }[];
}

export async function campaign({ servers, lanesPerServer, runs, seed, mistake }: Campaign): Promise<Result> {
  const lanes = servers.flatMap((server) =>
    Array.from({ length: lanesPerServer }, () => new Lane(server, mistake)),
  );
  // The first lane that finds a deliberate mistake ends the search of all.
  let isFound = false;
  const result: Result = { sequences: 0, requests: 0, tried: new Map(), excuses: new Map(), failures: [] };
  await Promise.all(
    lanes.map(async (lane, n) => {
      const details = await fc.check(
        fc.asyncProperty(script, async (script) => {
          if (!isFound) await lane.play(script);
        }),
        { seed: seed + n, numRuns: Math.ceil(runs / lanes.length), endOnFailure: mistake !== undefined },
      );
      if (details.failed) {
        isFound = mistake !== undefined;
        const where = `on a server ${servers[Math.floor(n / lanesPerServer)]!.hasEtags ? 'with' : 'without'} ETags\n`;
        result.failures.push({
          report: `${where}${fc.defaultReportMessage(details)}\n${String(details.errorInstance)}`,
          runs: details.numRuns,
        });
      }
      result.sequences += lane.sequences;
      result.requests += lane.requests;
      add(result.tried, lane.tried);
      add(result.excuses, lane.excuses.used);
    }),
  );
  return result;
}

function add(sum: Map<string, number>, part: ReadonlyMap<string, number>): void {
  for (const [what, n] of part) sum.set(what, (sum.get(what) ?? 0) + n);
}

export const table = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([what, n]) => `${what} ${n}`)
    .join('; ');
