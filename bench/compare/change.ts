/**
 * What a change costs, counted from real diffs: `examples/payroll/` and the patches of `examples/changes/`, named
 * `<change>.<form>.patch`. Nothing here is estimated: what is not there is shown as not there.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { markdown } from './figures.js';
import type { Kind } from './form.js';
import type { Phase } from './phase.js';

const changes = ['observes', 'gates', 'new-field'] as const;
const words: Record<(typeof changes)[number], string> = {
  observes: 'a new service that observes',
  gates: 'a new service that gates the close',
  'new-field': 'a service that needs a new field',
};
const kinds: Kind[] = ['orchestrated', 'choreographed'];
const FOLDER = 'examples/changes';

interface Cost {
  changed: number;
  added: number;
  linesAdded: number;
  linesRemoved: number;
  tests: number;
  /** Processes that have to be deployed for it. */
  deployed: string[];
}
type Figures = { change: (typeof changes)[number]; form: Kind; cost: Cost | undefined }[];

export const change: Phase<Figures> = {
  name: 'change',
  forms: 'none',
  minutes: () => 0,
  async measure() {
    const figures: Figures = [];
    for (const change of changes)
      for (const form of kinds) figures.push({ change, form, cost: await costOf(change, form) });
    return figures;
  },
  page: (figures) =>
    markdown(
      ['change', 'form', 'files changed', 'files added', 'lines', 'test files', 'deployed'],
      figures.map(({ change, form, cost }) => [
        words[change],
        form,
        ...(cost
          ? [
              String(cost.changed),
              String(cost.added),
              `+${cost.linesAdded} −${cost.linesRemoved}`,
              String(cost.tests),
              cost.deployed.join(', ') || 'nothing',
            ]
          : [`not counted: no ${FOLDER}/${change}.${form}.patch`, '', '', '', '']),
      ]),
    ),
};

async function costOf(change: (typeof changes)[number], form: Kind): Promise<Cost | undefined> {
  const file = path.join(FOLDER, `${change}.${form}.patch`);
  try {
    return costOfPatch(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  // The observer exists in full: as a folder of its own, and as the patch that stands beside it.
  if (change !== 'observes') return undefined;
  return form === 'choreographed'
    ? costOfFolder('examples/payroll')
    : costOfFile('examples/payroll/orchestrated.patch');
}

async function costOfFile(file: string): Promise<Cost | undefined> {
  return readFile(file, 'utf8').then(costOfPatch, (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function costOfFolder(folder: string): Promise<Cost | undefined> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!names) return undefined;
  const code = names.filter((name) => /\.(ts|json|yaml)$/.test(name));
  const texts = await Promise.all(code.map((name) => readFile(path.join(folder, name), 'utf8')));
  const linesAdded = texts.reduce((sum, text) => sum + text.trimEnd().split('\n').length, 0);
  return {
    ...{ changed: 0, added: code.length, linesAdded, linesRemoved: 0, tests: 0 },
    deployed: [path.basename(folder)],
  };
}

/** A unified diff. Recorded histories and the lock file are made by programs, and not counted. */
export function costOfPatch(patch: string): Cost {
  const cost: Cost = { changed: 0, added: 0, linesAdded: 0, linesRemoved: 0, tests: 0, deployed: [] };
  const deployed = new Set<string>();
  for (const part of patch.split(/^diff --git /m).slice(1)) {
    const file = /^a\/(\S+) b\/(\S+)/.exec(part)![2]!;
    if (/histories\/|package-lock|\.md$/.test(file)) continue;
    if (file.startsWith('test/')) {
      cost.tests += 1;
      continue;
    }
    if (/^new file mode/m.test(part)) cost.added += 1;
    else cost.changed += 1;
    const lines = part.split('\n');
    cost.linesAdded += lines.filter((line) => line.startsWith('+') && !line.startsWith('+++')).length;
    cost.linesRemoved += lines.filter((line) => line.startsWith('-') && !line.startsWith('---')).length;
    for (const process of processesOf(file)) deployed.add(process);
  }
  return { ...cost, deployed: [...deployed].toSorted() };
}

/** Which processes run what is in a file; the shared rooms are in all of them. */
const rooms: [RegExp, string[]][] = [
  [/^src\/(workflows|activities\/exit)/, ['worker exit']],
  [/^src\/(activities|choreography)\/notification|^src\/services\/notification/, ['notification']],
  [/^src\/(activities|choreography)\/hr|^src\/services\/hr/, ['hr']],
  [/^src\/(activities|choreography)\/(access|hold)|^src\/services\/access/, ['access']],
  [/^src\/(client|cli)\//, ['ems']],
  [/^src\/exit\//, ['all']],
  [/^src\/choreography\//, ['all']],
  [/payroll|final-pay|equipment|fourth/, ['the new one']],
];
const processesOf = (file: string): string[] =>
  rooms.filter(([room]) => room.test(file)).flatMap(([, names]) => names);
