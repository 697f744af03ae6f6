/** What each form takes at rest, and how much there is of it: processes, lines of code of its own, what it needs besides. */
import { setTimeout as pause } from 'node:timers/promises';
import { countBesides, type Besides } from './besides.js';
import { countLines, type Lines } from './lines.js';
import { markdown } from './figures.js';
import type { Form } from './form.js';
import type { Phase } from './phase.js';
import { cpuMs, cpuMsOf, memoryMb, memoryMbOf, type Used } from './processes.js';
import { startTracker } from './tracker.js';

interface Rest {
  processes: number;
  memoryMb: Used;
  /** Of one core, in per cent. */
  cpuPercent: Used;
}
interface Figures {
  rest: Record<string, Rest>;
  /** The observer of the choreographed form, where one is kept running; undefined where this build has none. */
  tracker: { memoryMb: number; cpuPercent: number } | undefined;
  besides: Besides;
  lines: Lines;
}

export const footprint: Phase<Figures> = {
  name: 'footprint',
  forms: 'all',
  minutes: ({ scale }) => scale.restMs / 60_000,
  async measure({ forms, scale, folder, progress }) {
    progress(`footprint: ${scale.restMs / 1000} s at rest`);
    const choreographed = forms.find(({ kind }) => kind === 'choreographed')!;
    const tracker = await startTracker(choreographed, folder);
    const before = forms.map(cpuMs);
    const trackerBefore = tracker ? cpuMsOf(tracker.pid) : 0;
    await pause(scale.restMs);
    const rest = forms.map((form, i) => [form.label, restOf(form, before[i]!, scale.restMs)] as const);
    const watching = tracker && {
      memoryMb: memoryMbOf(tracker.pid),
      cpuPercent: (100 * (cpuMsOf(tracker.pid) - trackerBefore)) / scale.restMs,
    };
    await tracker?.stop();
    return {
      rest: Object.fromEntries(rest),
      tracker: watching,
      besides: await countBesides(),
      lines: await countLines(),
    };
  },
  page: ({ rest, tracker, besides, lines }) =>
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
      tracker
        ? `The choreographed form's tracker, where one is kept running: one more process, ${tracker.memoryMb.toFixed(0)} MB, ${tracker.cpuPercent.toFixed(1)} % of a core at rest.`
        : 'This build has no `ems tracker`, so that it is not counted.',
      'What each needs besides its code:',
      markdown(
        ['', 'orchestrated', 'choreographed'],
        Object.entries(besides).map(([what, of]) => [what, of.orchestrated, of.choreographed]),
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
    processes: form.parts.length,
    memoryMb: memoryMb(form),
    cpuPercent: {
      engine: (100 * (now.engine - before.engine)) / ms,
      workers: (100 * (now.workers - before.workers)) / ms,
    },
  };
}
