import type { TakesEffect } from '../client/application.js';
import type { Decision, Outcome } from '../exit/decision.js';
import { formOption, type ExitOptions } from './exit-options.js';
import { describeDecision, table } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions {
  by: string;
  note?: string;
  effectiveOn?: string;
  now?: boolean;
  dryRun?: boolean;
}

const decide: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .argument('<outcome>', 'retained, leaving, withdrawn by the employee, or wrong-person')
    .requiredOption('--by <email>', 'who decided; never the employee concerned')
    .option('--note <text>', 'for the record')
    .option(
      '--effective-on <date>',
      'leaving only: YYYY-MM-DD, the day on which access is revoked; default: once the last working day is over',
    )
    .option('--now', 'leaving only: revoke at once')
    .option('--dry-run', 'show what the decision would set off, and change nothing')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nwithdrawn and wrong-person send a correction to each address that was told.\n\nExample:\n  ems decide E-1002 retained --by hr@acme.example --note "new contract signed"',
    )
    .action(async (employeeId: string, outcome: Outcome, options: Options) => {
      const { by, note, effectiveOn, now, form, dryRun } = options;
      const which = { employeeId, form };
      const decision: Decision = { outcome, decidedBy: by, note, effectiveOn, now };
      const exits = await session.application();
      if (dryRun) {
        const previewed = await exits.previewDecision(which, decision);
        return session.show({ dryRun: true, ...previewed }, ({ effects, takesEffect }) => {
          const when = takesEffect ? `${describeEffect(takesEffect)}.` : 'It would take effect at once.';
          return `Nothing is done. The decision would set off:\n\n${table(effects, '  ')}\n\n${when}`;
        });
      }
      const accepted = await exits.decide(which, decision);
      session.show(
        accepted,
        (shown) =>
          `Decided for ${employeeId}: ${describeDecision(shown)}.\n\n  follow it:  ems watch ${employeeId}`,
      );
    });

export default decide;

function describeEffect({ day, at, timeZone, isEmployeeZone }: TakesEffect): string {
  const whose = isEmployeeZone
    ? 'the employee’s time zone'
    : 'the company’s time zone, since the directory tells none';
  const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone });
  return `It would take effect when ${day} begins: ${local.format(new Date(at))} in ${timeZone}, ${whose}; ${at}`;
}
