import type { Decision, Outcome } from '../exit/decision.js';
import { formOption, type ExitOptions } from './exit-options.js';
import { describeDecision, table } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions {
  by: string;
  note?: string;
  effectiveOn?: string;
  dryRun?: boolean;
}

const decide: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .argument('<outcome>', 'retained or leaving')
    .requiredOption('--by <email>', 'who decided; never the employee concerned')
    .option('--note <text>', 'for the record')
    .option(
      '--effective-on <date>',
      'leaving only: YYYY-MM-DD, the day on which access is revoked; blocked until then',
    )
    .option('--dry-run', 'show what the decision would set off, and change nothing')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nExample:\n  ems decide E-1002 retained --by hr@acme.example --note "new contract signed"',
    )
    .action(async (employeeId: string, outcome: Outcome, options: Options) => {
      const { by, note, effectiveOn, form, dryRun } = options;
      const which = { employeeId, form };
      const decision: Decision = { outcome, decidedBy: by, note, effectiveOn };
      const exits = await session.application();
      if (dryRun) {
        const previewed = await exits.previewDecision(which, decision);
        const effects = table(previewed.effects, '  ');
        const text = `Nothing is done. The decision would set off:\n\n${effects}`;
        return session.show({ dryRun: true, ...previewed }, () => text);
      }
      const accepted = await exits.decide(which, decision);
      const text = `Decided for ${employeeId}: ${describeDecision(accepted)}.`;
      session.show(accepted, () => `${text}\n\n  follow it:  ems watch ${employeeId}`);
    });

export default decide;
