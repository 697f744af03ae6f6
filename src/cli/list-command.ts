import { Command, Option } from 'commander';
import { isCutShort, listedPhases, type ListFilter } from '../exit/exits.js';
import { stepKey } from '../exit/status.js';
import type { ListedExitOfForm } from '../client/application.js';
import { formOption, withApplication, type ExitOptions } from './connect.js';
import { localTime, printable, remark, show, table } from './output.js';

interface Options extends ExitOptions, Omit<ListFilter, 'employeeId'> {
  employee?: string;
}

export function listCommand(): Command {
  return new Command('list')
    .description(
      'Lists exits, the open ones first and of these the newest on top, with the steps that need attention.',
    )
    .option('--open', 'only open exits')
    .option('--attention', 'only exits that need attention: open ones, and the newest where it was cut short')
    .option('--employee <id>', 'only exits of this employee, with their ids')
    .option('--overdue', 'only open exits whose decision should have been made by now')
    .addOption(new Option('--phase <phase>', 'only exits in this phase').choices(listedPhases))
    .addOption(formOption('only exits of this form'))
    .addHelpText('after', '\nExample:\n  ems list --attention')
    .action(async ({ json, employee: employeeId, ...filter }: Options) => {
      await withApplication(async (application) => {
        const { exits, problems } = await application.list({ employeeId, ...filter });
        show(json, exits, () => (exits.length > 0 ? page(exits, employeeId !== undefined) : 'No exits.'));
        // A list that is not whole must not pass for one: not with a person, nor with a program.
        for (const { message } of problems) console.error(`ems: the list is not complete: ${message}`);
        if (problems.length > 0) process.exitCode = 1;
      });
    });
}

const review = (reviewBy: string): string =>
  localTime(reviewBy) + (Date.parse(reviewBy) < Date.now() ? ' (overdue)' : '');

function page(exits: readonly ListedExitOfForm[], withIds: boolean): string {
  const rows = exits.map((exit) => [
    exit.needsAttention ? '!' : ' ',
    exit.employeeId,
    exit.form,
    exit.phase,
    exit.outcome ?? '',
    localTime(exit.openedAt),
    exit.closedAt ? localTime(exit.closedAt) : '',
    exit.lastWorkingDay ?? '',
    exit.reviewBy ? review(exit.reviewBy) : '',
    ...(withIds ? [exit.exitId] : []),
  ]);
  const header = [
    '',
    'EMPLOYEE',
    'FORM',
    'PHASE',
    'OUTCOME',
    'OPENED',
    'CLOSED',
    'LAST WORKING DAY',
    'DECISION DUE',
    ...(withIds ? ['EXIT'] : []),
  ];
  const stuck = exits.flatMap((exit) => [
    ...exit.stuckSteps.map((step) => [exit.employeeId, stepKey(step), remark(step)]),
    ...givenUp(exit),
    ...(exit.needsAttention && isCutShort(exit.phase)
      ? [[exit.employeeId, exit.phase, `ems status ${exit.employeeId}`]]
      : []),
    ...(exit.statusProblem ? [[exit.employeeId, 'not known', exit.statusProblem]] : []),
  ]);
  return [
    table([header, ...rows]),
    ...(stuck.length > 0 ? ['', 'Needs attention:', table(stuck, '  ')] : []),
  ].join('\n');
}

/** What is not shown as a stuck step already; what several services gave up for one reason is told once. */
function givenUp({ employeeId, deadLetters = [] }: ListedExitOfForm): string[][] {
  const untold = deadLetters.filter(({ step }) => step === undefined);
  const reasons = new Set(untold.map(({ reason }) => reason));
  return [...reasons].map((reason) => {
    const of = untold.filter((letter) => letter.reason === reason);
    const ids = of.map(({ id }) => id).join(', ');
    return [employeeId, printable(of[0]!.event), `${printable(reason)}; given up: ${ids}`];
  });
}
