/** The commands that a mail offers, ready to be copied. */
import type { Outcome } from '../../exit/decision.js';
import type { resolutionActions } from '../../exit/resolution.js';

export const statusCommand = (employeeId: string): string => command('status', employeeId);

export const resignCommand = (employeeId: string): string => command('resign', employeeId);

export const decideCommand = (employeeId: string, outcome: Outcome, by: string): string =>
  command('decide', employeeId, outcome, '--by', by);

export const resolveCommand = (
  employeeId: string,
  step: string,
  action: (typeof resolutionActions)[number],
  by: string,
): string => command('resolve', employeeId, step, action, '--by', by);

/** For the person of a task, who fills in the evidence. */
export const confirmCommand = (employeeId: string, step: string, by: string): string =>
  `${resolveCommand(employeeId, step, 'done-by-hand', by)} --evidence "…"`;

const command = (...words: string[]): string => ['ems', ...words.map(quoted)].join(' ');

/** In double quotes, which every shell knows, where it is more than a plain word. A mail address can be: "o'brien@acme.example". */
const quoted = (word: string): string => (/^[\w@.:+-]+$/.test(word) ? word : `"${word}"`);
