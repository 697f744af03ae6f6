import { Option } from 'commander';
import type { PreviewedExit } from '../client/opening-exits.js';
import { tableColumns } from '../client/bulk.js';
import type { Form } from '../client/forms.js';
import { protectionsOf } from '../client/last-of-protected.js';
import type { Preview, PreviewedSystem } from '../client/preview.js';
import { fullCostOf } from '../exit/cost.js';
import { holdOf } from '../exit/hold-words.js';
import { knownAddresses, titleOf } from '../exit/people.js';
import { Refusal } from '../exit/refusal.js';
import { standInOf } from '../exit/stand-in.js';
import { summaryOf } from '../exit/steps.js';
import { formOption, personOption, type ExitOptions } from './exit-options.js';
import { table } from './output.js';
import { resignTable, type TableOptions } from './resign-table.js';
import { printableCopy } from '../client/printable.js';
import type { Define } from './session.js';

interface Options extends ExitOptions, TableOptions {
  file?: string;
  lastWorkingDay?: string;
  reason?: string;
  login?: string;
  email?: string;
  override?: boolean;
  by?: string;
  form: Form;
  dryRun?: boolean;
}

/** What the rows of a table have themselves, or may not have. */
const ofOneExit = ['lastWorkingDay', 'reason', 'login', 'email', 'override', 'by'];

const resign: Define = (command, session) =>
  command
    .argument('[employeeId]', 'for example E-1002; or a table by --file')
    .addOption(
      new Option(
        '--file <table>',
        `many exits: CSV (UTF-8) with the columns ${tableColumns.join(', ')}`,
      ).conflicts(ofOneExit),
    )
    .addOption(
      new Option(
        '--confirm <number>',
        'open the exits of the table: how many rows it has; default: preview them',
      ).conflicts('dryRun'),
    )
    .option('--last-working-day <date>', 'YYYY-MM-DD')
    .option('--reason <text>', 'for the record')
    .option('--login <name>', 'for systems that know no employee id, where the directory does not tell')
    .option('--email <address>', 'the same, for systems that know the mail address')
    .addOption(personOption(session, '--submitted-by <who>', 'who handed the resignation in, for the record'))
    .option('--override', 'block also the last active member of a protected group; needs --by')
    .addOption(personOption(session, '--by <email>', 'who decides to override, for the record'))
    .addOption(formOption('a workflow runs it, or services that react to events').default('orchestrated'))
    .option('--dry-run', 'show what would be done, to whom and in which system, and change nothing')
    .addHelpText(
      'after',
      [
        ...['', 'Example:', '  ems resign E-1002 --last-working-day 2027-01-29'],
        ...['  ems resign --file people.csv', '  ems resign --file people.csv --confirm 12'],
      ].join('\n'),
    )
    .action(async (employeeId: string | undefined, options: Options) => {
      const { file, confirm, submittedBy, form, dryRun, ...ofExit } = options;
      if (file !== undefined && employeeId === undefined) return resignTable(session, file, options);
      if (employeeId === undefined || file !== undefined || confirm !== undefined)
        throw new Refusal('invalid', 'name one employee, for example E-1002, or a table by --file');
      const { lastWorkingDay, reason, login, email, override } = ofExit;
      const by = ofExit.by ?? (override ? session.person : undefined);
      if (Boolean(override) !== (by !== undefined))
        throw new Refusal('invalid', '--override and --by go together: who overrides is recorded');
      const resignation = { employeeId, login, email, lastWorkingDay, reason, submittedBy, overrideBy: by };

      const exits = await session.application();
      if (dryRun) {
        const found = await exits.preview(resignation, form);
        return session.show({ dryRun: true, ...found }, describe);
      }
      const { opened, found } = await exits.open(resignation, form);
      if (found.directoryProblem)
        session.warn(`the exit started all the same, but ${found.directoryProblem}`);
      const name = nameOf(printableCopy(found), employeeId);
      session.show(opened, () => `The exit of ${name} is open.\n\n  follow it:  ems watch ${employeeId}`);
    });

export default resign;

const nameOf = ({ employee }: Preview, employeeId: string): string =>
  titleOf({ employeeId, employeeName: employee?.displayName });

function describe(found: PreviewedExit): string {
  const { employee, directoryProblem, systems, steps } = found;
  const { employeeId, lastWorkingDay } = found.resignation;
  const hrPartner = found.hrPartners.join(' or ');
  const unknown = directoryProblem ?? 'the directory does not know the employee';
  const manager = employee?.manager;
  const told =
    manager &&
    `${manager.name} <${manager.email}>${manager.insteadOfManager ? ` (${standInOf(manager.insteadOfManager)})` : ''}`;
  const addresses = employee && (knownAddresses(employee).join(' and ') || 'no mail address');
  const details: Partial<Record<string, string>> = {
    'look-up-employee': employee ? titleOf({ employeeId, employeeName: employee.displayName }) : unknown,
    'notify-manager': told ?? unknown,
    'notify-employee': addresses ?? unknown,
    'schedule-hr-interview': addresses ? `${addresses} and ${hrPartner}` : unknown,
  };
  const begun = steps.filter(({ begins, perSystem }) => begins === 'resigned' && !perSystem);
  const rows = [
    ...begun.map((row) => [row.name, details[row.name] ?? summaryOf(row)]),
    ...systems.map((system) => [`block-access:${system.name}`, system.problem ?? account(system)]),
    ...systems.flatMap(({ name, capture, memberships }) =>
      capture?.accounts.length ? [[`revoke-access:${name}`, revocation(memberships ?? [])]] : [],
    ),
    ...systems.flatMap(({ name, doubts = [] }) => doubts.map((doubt) => [`look at ${name} before`, doubt])),
    ...systems.flatMap(protectionsOf).map((why) => ['refused unless --override', why]),
  ];
  const lastDay = lastWorkingDay ? `, whose last working day is ${lastWorkingDay}` : '';
  return `Nothing is done. The exit of ${nameOf(found, employeeId)}${lastDay} would set off:\n\n${table(rows, '  ')}`;
}

/** After the decision *leaving* only. */
const revocation = (memberships: { displayName: string }[]): string =>
  `if leaving: deactivate, remove from ${memberships.map(({ displayName }) => displayName).join(', ') || 'no group'}`;

function account({ hold, owner, capture, untold }: PreviewedSystem): string {
  if (owner) return `${owner.name} <${owner.email}> is asked to ${holdOf(hold)}, and confirms it`;
  const doubt = untold && `cannot tell: ${untold}`;
  if (!capture?.accounts.length) return doubt ? `no account found; ${doubt}` : 'no account: nothing to block';
  const accounts = capture.accounts.map(({ userName, active, groups }) => {
    if (hold.kind === 'groups')
      return `${userName}: take ${groups.map(({ displayName }) => displayName).join(', ') || 'nothing'}`;
    return active === false ? `${userName}: already suspended, stays so` : `${userName}: ${holdOf(hold)}`;
  });
  return [...accounts, doubt, ...capture.notes, capture.cost && fullCostOf(capture.cost)]
    .filter(Boolean)
    .join('; ');
}
