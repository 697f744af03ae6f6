/** What each form takes at rest, and how much there is of it: processes, lines of code of its own, what it needs besides. */
import { setTimeout as pause } from 'node:timers/promises';
import { countLines, type Lines } from './lines.js';
import { markdown } from './figures.js';
import type { Form } from './form.js';
import type { Phase } from './phase.js';
import { cpuMs, memoryMb, processCount, type Used } from './processes.js';

interface Rest {
  processes: number;
  memoryMb: Used;
  /** Of one core, in per cent. */
  cpuPercent: Used;
}
interface Figures {
  rest: Record<string, Rest>;
  lines: Lines;
}

export const footprint: Phase<Figures> = {
  name: 'footprint',
  forms: 'all',
  minutes: ({ scale }) => scale.restMs / 60_000,
  async measure({ forms, scale, progress }) {
    progress(`footprint: ${scale.restMs / 1000} s at rest`);
    const before = forms.map(cpuMs);
    await pause(scale.restMs);
    const rest = forms.map((form, i) => [form.label, restOf(form, before[i]!, scale.restMs)] as const);
    return { rest: Object.fromEntries(rest), lines: await countLines() };
  },
  page: ({ rest, lines }) =>
    [
      'At rest, with nothing under way:',
      markdown(
        [
          '',
          'processes',
          'memory of the engine, MB',
          'of workers or services, MB',
          'CPU of the engine, % of a core',
          'of workers or services',
        ],
        Object.entries(rest).map(([label, { processes, memoryMb, cpuPercent }]) => [
          label,
          String(processes),
          memoryMb.engine.toFixed(0),
          memoryMb.workers.toFixed(0),
          cpuPercent.engine.toFixed(1),
          cpuPercent.workers.toFixed(1),
        ]),
      ),
      'Lines of code, without blank ones and comments (which imports decide whose a file is):',
      markdown(
        ['', 'files', 'lines', 'of these for being observed and mended'],
        Object.entries(lines).map(([whose, { files, lines, observing }]) => [
          whose,
          String(files),
          String(lines),
          String(observing),
        ]),
      ),
    ].join('\n\n'),
};

function restOf(form: Form, before: Used, ms: number): Rest {
  const now = cpuMs(form);
  return {
    processes: processCount(form),
    memoryMb: memoryMb(form),
    cpuPercent: {
      engine: (100 * (now.engine - before.engine)) / ms,
      workers: (100 * (now.workers - before.workers)) / ms,
    },
  };
}
