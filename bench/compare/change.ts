/**
 * What a change costs, counted from real diffs: `examples/payroll/` and the patches of `examples/changes/`, named
 * `<change>.<form>.patch`. The first one, `observes`, is applied to the tree as it is, the two others each on top of it, in both forms.
 */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { markdown } from './figures.js';
import { kinds, type Kind } from './form.js';
import type { Phase } from './phase.js';

const changes = ['observes', 'gates', 'new-field'] as const;
const words: Record<(typeof changes)[number], string> = {
  observes: 'payroll joins, and observes',
  gates: 'then: it gates the close',
  'new-field': 'or then: it needs a new field',
};
const FOLDER = 'examples/changes';
const PAYROLL = 'examples/payroll';
const NEWCOMER = 'payroll';

interface Cost {
  changed: number;
  added: number;
  linesAdded: number;
  linesRemoved: number;
  tests: number;
  /** Processes that have to be deployed for it. */
  deployed: string[];
}
const nothing: Cost = { changed: 0, added: 0, linesAdded: 0, linesRemoved: 0, tests: 0, deployed: [] };
type Figures = { change: (typeof changes)[number]; form: Kind; cost: Cost }[];

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
        String(cost.changed),
        String(cost.added),
        `+${cost.linesAdded} −${cost.linesRemoved}`,
        String(cost.tests),
        cost.deployed.join(', '),
      ]),
    ),
};

async function costOf(change: (typeof changes)[number], form: Kind): Promise<Cost> {
  const cost = costOfPatch(await readFile(path.join(FOLDER, `${change}.${form}.patch`), 'utf8'), form);
  // The program that joins is a folder of its own; the patch beside it lets it in.
  return change === 'observes' && form === 'choreographed' ? sum(cost, await costOfFolder(PAYROLL)) : cost;
}

async function costOfFolder(folder: string): Promise<Cost> {
  const code = (await readdir(folder)).filter((name) => /\.(ts|json|yaml)$/.test(name));
  const texts = await Promise.all(code.map((name) => readFile(path.join(folder, name), 'utf8')));
  const linesAdded = texts.reduce((sum, text) => sum + text.trimEnd().split('\n').length, 0);
  return { ...nothing, added: code.length, linesAdded, deployed: [NEWCOMER] };
}

const sum = (a: Cost, b: Cost): Cost => ({
  changed: a.changed + b.changed,
  added: a.added + b.added,
  linesAdded: a.linesAdded + b.linesAdded,
  linesRemoved: a.linesRemoved + b.linesRemoved,
  tests: a.tests + b.tests,
  deployed: [...new Set([...a.deployed, ...b.deployed])].toSorted(),
});

/** A unified diff. Recorded histories and the lock file are made by programs, and not counted. */
export function costOfPatch(patch: string, form: Kind): Cost {
  const cost = { ...nothing };
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
    for (const process of processesOf(file, form)) deployed.add(process);
  }
  return { ...cost, deployed: [...deployed].toSorted() };
}

/** Whose process a file changes. What is shared counts for those who act on it: the workflow, or everybody who folds the events. */
const rooms: Record<Kind, [RegExp, string][]> = {
  orchestrated: [
    [/^src\/(workflows|exit|activities\/exit|services\/directory)/, 'exit'],
    [/^src\/(activities|services)\/payroll/, NEWCOMER],
  ],
  choreographed: [
    [/^examples\/payroll\//, NEWCOMER],
    [/^src\/exit\/(fold|folded-exit|status)/, 'all that fold'],
    [/^deploy\/nats-server/, 'nats'],
  ],
};
const ofBoth: [RegExp, string][] = [
  [/^src\/(activities|choreography|services)\/notification/, 'notification'],
  [/^src\/(activities|choreography|services)\/hr/, 'hr'],
  [/^src\/((activities|services)\/access|choreography\/(access|hold))/, 'access'],
  [/^src\/(client|cli)\//, 'ems'],
];
const processesOf = (file: string, form: Kind): string[] =>
  [...rooms[form], ...ofBoth].filter(([room]) => room.test(file)).map(([, name]) => name);
