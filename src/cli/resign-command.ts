import { Command } from 'commander';
import { Temporal } from 'temporal-polyfill';
import { titleOf } from '../exit/people.js';
import { parseResignation, type Resignation } from '../exit/resignation.js';
import { configuration, formOption, withExits } from './connect.js';
import type { Form } from '../client/both-forms.js';
import { Refusal } from '../exit/refusal.js';
import { UsageError } from './usage-error.js';
import { printJson, table } from './output.js';
import { isNobody, preview, type Preview, type PreviewedSystem } from '../client/preview.js';

interface Options {
  lastWorkingDay?: string;
  reason?: string;
  submittedBy?: string;
  override?: boolean;
  by?: string;
  form: Form;
  dryRun?: boolean;
  json?: boolean;
}

/** A system that does not answer holds up no block: the exit itself looks again, at each system by itself. */
const PREVIEW_WITHIN_MS = 2_000;

export function resignCommand(): Command {
  return new Command('resign')
    .description(
      'Opens the exit of an employee: access is blocked, the manager told, the interview arranged.',
    )
    .argument('<employeeId>', 'for example E-1002')
    .option('--last-working-day <date>', 'YYYY-MM-DD')
    .option('--reason <text>', 'for the record')
    .option('--submitted-by <who>', 'who handed the resignation in, for the record')
    .option('--override', 'take also the last active member of a protected group away; needs --by')
    .option('--by <email>', 'who decides to override, for the record')
    .addOption(formOption('who runs it: a workflow, or services by themselves').default('orchestrated'))
    .option('--dry-run', 'show what would be done, to whom and in which system, and do nothing')
    .addHelpText('after', '\nExample:\n  ems resign E-1002 --last-working-day 2027-01-29')
    .action(resign);
}

async function resign(employeeId: string, options: Options): Promise<void> {
  const { json, dryRun, override, by, form, ...rest } = options;
  if (Boolean(override) !== (by !== undefined)) {
    throw new UsageError('--override and --by go together: who overrides is recorded');
  }
  const config = configuration();
  const today = Temporal.Now.plainDateISO(config.interview.timeZone).toString();
  const parsed = parseResignation({ employeeId, ...rest, overrideBy: by }, today);
  if (!parsed.ok) throw new UsageError(parsed.problem);

  await withExits(undefined, async (both) => {
    const exits = both.inForm(form);
    const open = await both.openExit(employeeId);
    if (open) {
      throw new Refusal(
        `${employeeId} already has an open exit in the ${open.form} form, since ${open.since}, in the phase ${open.phase}: ems status ${employeeId}`,
      );
    }
    const found = await preview(
      config,
      employeeId,
      dryRun ? 2 * config.policy.requestTimeout : PREVIEW_WITHIN_MS,
    );
    if (found.spellingProblem) throw new Refusal(found.spellingProblem);
    if (isNobody(found)) {
      throw new Refusal(
        `Nobody knows an employee ${employeeId}: neither the directory nor any critical system`,
      );
    }
    const guarded = found.systems.filter(({ lastOf }) => lastOf?.length);
    if (dryRun) {
      if (json) printJson({ dryRun: true, resignation: parsed.value, ...found });
      else
        console.log(
          describe(parsed.value, found, config.contacts.hrPartners.map(({ email }) => email).join(' or ')),
        );
      return;
    }
    if (guarded.length > 0 && !override) {
      throw new Refusal(
        `${nameOf(found, employeeId)} is the last active member of ${guarded.map(lockedOut).join('; ')}. Put somebody else there, or use --override --by <your mail address>`,
      );
    }
    if (found.directoryProblem)
      console.error(`ems: the exit starts all the same, but ${found.directoryProblem}`);
    const opened = await exits.open(parsed.value);
    if (json) printJson({ employeeId, form, ...opened });
    else
      console.log(
        `The exit of ${nameOf(found, employeeId)} is open.\n\n  follow it:  ems watch ${employeeId}`,
      );
  });
}

const nameOf = ({ employee }: Preview, employeeId: string): string =>
  titleOf({ employeeId, employeeName: employee?.displayName });

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
    ...systems.map((system) => [`block-access:${system.name}`, system.problem ?? account(system)]),
    ...systems.flatMap(({ name, capture, memberships }) =>
      capture?.account ? [[`revoke-access:${name}`, revocation(memberships ?? [])]] : [],
    ),
    ...systems
      .filter(({ lastOf }) => lastOf?.length)
      .map((system) => ['refused unless --override', `last active member of ${lockedOut(system)}`]),
  ];
  const lastDay = lastWorkingDay ? `, whose last working day is ${lastWorkingDay}` : '';
  return `Nothing is done. The exit of ${nameOf(found, employeeId)}${lastDay} would set off:\n\n${table(rows, '  ')}`;
}

const lockedOut = ({ name, lastOf }: PreviewedSystem): string => `${lastOf!.join(', ')} on ${name}`;

/** Once the decision is leaving, and only then. */
const revocation = (memberships: { displayName: string }[]): string =>
  `if leaving: deactivate, remove from ${memberships.map(({ displayName }) => displayName).join(', ') || 'no group'}`;

function account({ hold, capture }: PreviewedSystem): string {
  const account = capture?.account;
  if (!account) return 'no account: nothing to block';
  const { userName, active, groups } = account;
  if (hold.startsWith('take'))
    return `${userName}: take ${groups.map(({ displayName }) => displayName).join(', ') || 'nothing'}`;
  return active ? `${userName}: ${hold}` : `${userName}: already suspended, stays so`;
}
