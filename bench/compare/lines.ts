/**
 * How much code there is of each form. A file is a form's own if only that form's programs import it, directly or through others.
 * What both import is shared. What neither imports, such as the command line and the local stack, stands around them.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const owners = ['shared by both', 'orchestrated only', 'choreographed only', 'around both'] as const;
export type Lines = Record<(typeof owners)[number], { files: number; lines: number; observing: number }>;

/** Where each form begins: its processes, its client, its engine. */
const programs = {
  orchestrated: [/^worker\.ts$/, /^(workflows|activities|temporal)\//, /^local\/(find-)?temporal/],
  choreographed: [/^choreography\//, /^local\/(find-)?nats/],
};
/** Commands that only the choreographed form needs, because no engine shows its exits. */
const commandsOf = { choreographed: /^cli\/(service|tracker|trace|dead-letters|change-log)/ };
/** What is there so that a person sees what is stuck, and mends it. */
const observing =
  /(observing\/|dead-letters|attempts\.ts$|visibility\.ts$|search-attributes\.ts$|interceptors\.ts$|activity-progress\.ts$)/;

export async function countLines(): Promise<Lines> {
  const files = (await readdir('src', { recursive: true })).filter((file) => file.endsWith('.ts')).toSorted();
  const texts = new Map(
    await Promise.all(
      files.map(async (file) => [file, await readFile(path.join('src', file), 'utf8')] as const),
    ),
  );
  const reached = (of: readonly RegExp[]) =>
    reachable(
      texts,
      files.filter((file) => of.some((each) => each.test(file))),
    );
  const orchestrated = reached(programs.orchestrated);
  const choreographed = reached(programs.choreographed);

  const lines = Object.fromEntries(
    owners.map((owner) => [owner, { files: 0, lines: 0, observing: 0 }]),
  ) as Lines;
  for (const [file, text] of texts) {
    const count = codeLines(text);
    const of = lines[ownerOf(file)];
    of.files += 1;
    of.lines += count;
    if (observing.test(file)) of.observing += count;
  }
  return lines;

  function ownerOf(file: string): (typeof owners)[number] {
    if (orchestrated.has(file)) return choreographed.has(file) ? 'shared by both' : 'orchestrated only';
    // A file of types alone is imported by no code: domain and services are shared all the same.
    if (!choreographed.has(file) && /^(exit|services)\//.test(file)) return 'shared by both';
    return choreographed.has(file) || commandsOf.choreographed.test(file)
      ? 'choreographed only'
      : 'around both';
  }
}

function reachable(texts: ReadonlyMap<string, string>, from: readonly string[]): Set<string> {
  const reached = new Set(from);
  for (const file of reached)
    for (const imported of importsOf(file, texts.get(file)!)) if (texts.has(imported)) reached.add(imported);
  return reached;
}

/** Without those of types alone: they vanish. */
function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/^(?:import|export) (?!type )(?:[^;]*? from )?'(\.[^']+)\.js'/gm);
  return [...found].map(([, specifier]) => path.join(path.dirname(file), `${specifier}.ts`));
}

const codeLines = (text: string): number =>
  text
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('//')).length;
