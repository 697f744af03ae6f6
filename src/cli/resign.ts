import { Command } from 'commander';
import { Temporal } from 'temporal-polyfill';
import { parseResignation, type Resignation } from '../exit/resignation.js';
import { configuration, withTemporal } from './connect.js';
import { Refusal } from '../client/refusal.js';
import { UsageError } from './usage-error.js';
import { orchestratedExits } from '../client/orchestrated.js';
import { printJson, table } from './output.js';
import { isNobody, preview, type Preview } from './preview.js';

interface Options {
  lastWorkingDay?: string;
  reason?: string;
  submittedBy?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function resignCommand(): Command {
  return new Command('resign')
    .description(
      'Opens the exit of an employee: access is blocked, the manager told, the interview arranged.',
    )
    .argument('<employeeId>', 'for example E-1002')
    .option('--last-working-day <date>', 'YYYY-MM-DD')
    .option('--reason <text>', 'for the record')
    .option('--submitted-by <who>', 'who handed the resignation in, for the record')
    .option('--dry-run', 'show what would be done, to whom and in which system, and do nothing')
    .addHelpText('after', '\nExample:\n  ems resign E-1002 --last-working-day 2027-01-29')
    .action(resign);
}

async function resign(employeeId: string, { json, dryRun, ...rest }: Options): Promise<void> {
  const config = configuration();
  const today = Temporal.Now.plainDateISO(config.interview.timeZone).toString();
  const parsed = parseResignation({ employeeId, ...rest }, today);
  if (!parsed.ok) throw new UsageError(parsed.problem);

  await withTemporal(async (client) => {
    const exits = orchestratedExits(client);
    const open = await exits.openExit(employeeId);
    if (open) {
      throw new Refusal(
        `${employeeId} already has an open exit, since ${open.since}, in the phase ${open.phase}: ems status ${employeeId}`,
      );
    }
    const found = await preview(config, employeeId);
    if (isNobody(found)) {
      throw new Refusal(
        `Nobody knows an employee ${employeeId}: neither the directory nor any critical system`,
      );
    }
    if (dryRun) {
      if (json) printJson({ dryRun: true, resignation: parsed.value, ...found });
      else console.log(describe(parsed.value, found, config.contacts.hrPartner.email));
      return;
    }
    if (found.directoryProblem)
      console.error(`ems: the exit starts all the same, but ${found.directoryProblem}`);
    const opened = await exits.open(parsed.value);
    if (json) printJson({ employeeId, ...opened });
    else
      console.log(
        `The exit of ${nameOf(found, employeeId)} is open.\n\n  follow it:  ems watch ${employeeId}`,
      );
  });
}

const nameOf = ({ employee }: Preview, employeeId: string): string =>
  employee ? `${employee.displayName} (${employeeId})` : employeeId;

function describe({ employeeId, lastWorkingDay }: Resignation, found: Preview, hrPartner: string): string {
  const { employee, directoryProblem, systems } = found;
  const unknown = directoryProblem ?? 'the directory does not know the employee';
  const manager = employee?.manager;
  const told =
    manager &&
    `${manager.name} <${manager.email}>${manager.insteadOfManager ? ` (${manager.insteadOfManager})` : ''}`;
  const rows = [
    ['notify-manager', told ?? unknown],
    ['schedule-hr-interview', employee ? `${employee.email ?? 'no mail address'} and ${hrPartner}` : unknown],
    ...systems.map(({ name, hold, capture, problem }) => [
      `block-access:${name}`,
      problem ?? account(hold, capture!),
    ]),
  ];
  const lastDay = lastWorkingDay ? `, whose last working day is ${lastWorkingDay}` : '';
  return `Nothing is done. The exit of ${nameOf(found, employeeId)}${lastDay} would set off:\n\n${table(rows, '  ')}`;
}

function account(hold: string, { account }: NonNullable<Preview['systems'][number]['capture']>): string {
  if (!account) return 'no account: nothing to block';
  const { userName, active, groups } = account;
  if (hold.startsWith('take'))
    return `${userName}: take ${groups.map(({ displayName }) => displayName).join(', ') || 'nothing'}`;
  return active ? `${userName}: ${hold}` : `${userName}: already suspended, stays so`;
}
