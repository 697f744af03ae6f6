import { Command, Option } from 'commander';
import { phases, stepKey, type Phase } from '../exit/status.js';
import { withTemporal } from './connect.js';
import { orchestratedExits, type ListedExit } from '../client/orchestrated.js';
import { localTime, printJson, remark, table } from './output.js';

interface Options {
  open?: boolean;
  attention?: boolean;
  phase?: Phase;
  overdue?: boolean;
  json?: boolean;
}

export function listCommand(): Command {
  return new Command('list')
    .description(
      'Lists exits, the open ones first and of these the newest on top, with the steps that need attention.',
    )
    .option('--open', 'only open exits')
    .option('--attention', 'only open exits that need attention')
    .option('--overdue', 'only open exits whose decision should have been made by now')
    .addOption(new Option('--phase <phase>', 'only exits in this phase').choices(phases))
    .addHelpText('after', '\nExample:\n  ems list --attention')
    .action(async ({ json, ...filter }: Options) => {
      await withTemporal(async (client) => {
        const exits = await orchestratedExits(client).list(filter);
        if (json) printJson(exits);
        else console.log(exits.length > 0 ? page(exits) : 'No exits.');
      });
    });
}

const review = (reviewBy: string): string =>
  localTime(reviewBy) + (Date.parse(reviewBy) < Date.now() ? ' (overdue)' : '');

function page(exits: readonly ListedExit[]): string {
  const rows = exits.map((exit) => [
    exit.needsAttention && !exit.closedAt ? '!' : ' ',
    exit.employeeId,
    exit.phase,
    exit.outcome ?? '',
    localTime(exit.openedAt),
    exit.closedAt ? localTime(exit.closedAt) : '',
    exit.lastWorkingDay ?? '',
    exit.reviewBy ? review(exit.reviewBy) : '',
  ]);
  const header = ['', 'EMPLOYEE', 'PHASE', 'OUTCOME', 'OPENED', 'CLOSED', 'LAST WORKING DAY', 'DECISION DUE'];
  const stuck = exits.flatMap(({ employeeId, stuckSteps, statusProblem }) => [
    ...stuckSteps.map((step) => [employeeId, stepKey(step), remark(step)]),
    ...(statusProblem ? [[employeeId, 'not known', statusProblem]] : []),
  ]);
  return [
    table([header, ...rows]),
    ...(stuck.length > 0 ? ['', 'Needs attention:', table(stuck, '  ')] : []),
  ].join('\n');
}
