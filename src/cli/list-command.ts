import { Option } from 'commander';
import type { ListedExitOfForm } from '../client/application.js';
import type { WaitingInForm } from '../client/openings.js';
import { isCutShort, listedPhases, type ListFilter } from '../exit/exits.js';
import { stepKey } from '../exit/status.js';
import { formOption, type ExitOptions } from './exit-options.js';
import { localTime, remark, table } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions, Omit<ListFilter, 'employeeId'> {
  employee?: string;
}

const list: Define = (command, session) =>
  command
    .option('--open', 'only open exits')
    .option('--attention', 'only exits that need attention: open ones, and the newest where it was cut short')
    .option('--employee <id>', 'only exits of this employee, with their ids')
    .option('--overdue', 'only open exits whose decision is overdue')
    .addOption(new Option('--phase <phase>', 'only exits in this phase').choices(listedPhases))
    .addOption(formOption('only exits of this form'))
    .addHelpText('after', '\nExample:\n  ems list --attention')
    .action(async ({ employee: employeeId, open, attention, overdue, phase, form }: Options) => {
      const application = await session.application();
      const filter = { employeeId, open, attention, overdue, phase, form };
      const { exits, problems } = await application.list(filter);
      session.show(exits, (shown) =>
        shown.length > 0 ? page(shown, employeeId !== undefined) : 'No exits.',
      );
      // People and programs alike must see that a list is not whole.
      for (const { message } of problems) session.warn(`the list is not complete: ${message}`);
      if (problems.length > 0) session.exitCode = 1;
      if (attention && employeeId === undefined && problems.length === 0) {
        const waiting = await application.waiting();
        if (waiting.length > 0) session.warn(waitFor(waiting));
      }
    });

export default list;

/** The oldest ones. */
const MOST_NAMED = 10;

function waitFor(waiting: readonly WaitingInForm[]): string {
  const named = waiting.slice(0, MOST_NAMED).map(({ resignation }) => resignation.employeeId);
  const more = waiting.length > named.length ? [`${waiting.length - named.length} more`] : [];
  const count = waiting.length === 1 ? '1 opening waits' : `${waiting.length} openings wait`;
  const since = localTime(waiting[0]!.askedAt);
  return `${count} for a second person, since ${since}, and nothing is blocked: ${[...named, ...more].join(', ')}. See "ems openings"`;
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

/** Dead letters of no stuck step. Those with one reason share a line. */
function givenUp({ employeeId, deadLetters = [] }: ListedExitOfForm): string[][] {
  const untold = deadLetters.filter(({ step }) => step === undefined);
  const reasons = new Set(untold.map(({ reason }) => reason));
  return [...reasons].map((reason) => {
    const of = untold.filter((letter) => letter.reason === reason);
    const ids = of.map(({ id }) => id).join(', ');
    return [employeeId, of[0]!.event, `${reason}; given up: ${ids}`];
  });
}
