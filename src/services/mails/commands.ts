/** The `ems` commands in mails, ready to copy. */
import type { Outcome } from '../../exit/decision.js';
import type { resolutionActions } from '../../exit/resolution.js';

export const statusCommand = (employeeId: string): string => command('status', employeeId);

export const resignCommand = (employeeId: string): string => command('resign', employeeId);

export const decideCommand = (employeeId: string, outcome: Outcome, by: string): string =>
  command('decide', employeeId, outcome, '--by', by);

/**
 * What a second person does with what another one has proposed.
 * @param number of the proposal; default: the decision that waits
 */
export const secondCommand = (
  employeeId: string,
  how: 'confirm' | 'reject',
  by: string,
  number?: number,
): string =>
  command(
    'decide',
    employeeId,
    `--${how}`,
    ...(number === undefined ? [] : ['--proposal', String(number)]),
    '--by',
    by,
  );

export const openingsCommand = (): string => command('openings');

export const resolveCommand = (
  employeeId: string,
  step: string,
  action: (typeof resolutionActions)[number],
  by: string,
): string => command('resolve', employeeId, step, action, '--by', by);

/** The person of a task fills in the evidence. */
export const confirmCommand = (employeeId: string, step: string, by: string): string =>
  `${resolveCommand(employeeId, step, 'done-by-hand', by)} --evidence "…"`;

const command = (...words: string[]): string => ['ems', ...words.map(quoted)].join(' ');

/**
 * Double quotes work in every shell. A mail address may need them: "o'brien@acme.example". Between double quotes a POSIX shell still
 * expands `$` and runs what stands between backticks.
 */
function quoted(word: string): string {
  if (/^[\w@.:+-]+$/.test(word)) return word;
  return /[$`\\"!]/.test(word) ? `'${word.replaceAll("'", String.raw`'\''`)}'` : `"${word}"`;
}
