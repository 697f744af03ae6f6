import { Command, Option } from 'commander';
import { phases, stepKey, type Phase } from '../exit/status.js';
import type { Form, ListedExitOfForm } from '../client/both-forms.js';
import { formOption, withExits } from './connect.js';
import { localTime, printable, printJson, remark, table } from './output.js';

interface Options {
  open?: boolean;
  attention?: boolean;
  phase?: Phase;
  overdue?: boolean;
  form?: Form;
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
    .addOption(formOption('only exits of this form'))
    .addHelpText('after', '\nExample:\n  ems list --attention')
    .action(async ({ json, form, ...filter }: Options) => {
      await withExits(form, async (both) => {
        const { exits, problems } = await both.list(filter);
        if (json) printJson(exits);
        else console.log(exits.length > 0 ? page(exits) : 'No exits.');
        // A list that is not whole must not pass for one: not with a person, nor with a program.
        for (const { message } of problems) console.error(`ems: the list is not complete: ${message}`);
        if (problems.length > 0) process.exitCode = 1;
      });
    });
}

const review = (reviewBy: string): string =>
  localTime(reviewBy) + (Date.parse(reviewBy) < Date.now() ? ' (overdue)' : '');

function page(exits: readonly ListedExitOfForm[]): string {
  const rows = exits.map((exit) => [
    exit.needsAttention && !exit.closedAt ? '!' : ' ',
    exit.employeeId,
    exit.form,
    exit.phase,
    exit.outcome ?? '',
    localTime(exit.openedAt),
    exit.closedAt ? localTime(exit.closedAt) : '',
    exit.lastWorkingDay ?? '',
    exit.reviewBy ? review(exit.reviewBy) : '',
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
  ];
  const stuck = exits.flatMap((exit) => [
    ...exit.stuckSteps.map((step) => [exit.employeeId, stepKey(step), remark(step)]),
    ...givenUp(exit),
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
