import { Command } from 'commander';
import type { Decision, Outcome } from '../exit/decision.js';
import type { Form } from '../client/forms.js';
import { formOption, withApplication } from './connect.js';
import { describeDecision, printJson, table } from './output.js';

interface Options {
  by: string;
  note?: string;
  effectiveOn?: string;
  form?: Form;
  dryRun?: boolean;
  json?: boolean;
}

export function decideCommand(): Command {
  return new Command('decide')
    .description(
      'Finalises the decision: retained gives access back, leaving revokes it. The first decision stands.',
    )
    .argument('<employeeId>', 'for example E-1002')
    .argument('<outcome>', 'retained or leaving')
    .requiredOption('--by <email>', 'who decided; never the employee concerned')
    .option('--note <text>', 'for the record')
    .option(
      '--effective-on <date>',
      'leaving only: YYYY-MM-DD, the day on which access is revoked; blocked until then',
    )
    .option('--dry-run', 'show what the decision would set off, and do nothing')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nExample:\n  ems decide E-1002 retained --by hr@acme.example --note "new contract signed"',
    )
    .action(decide);
}

async function decide(
  employeeId: string,
  outcome: string,
  { by, note, effectiveOn, form, dryRun, json }: Options,
): Promise<void> {
  const which = { employeeId, form };
  const decision: Decision = { outcome: outcome as Outcome, decidedBy: by, note, effectiveOn };
  await withApplication(async (exits) => {
    if (dryRun) {
      const previewed = await exits.previewDecision(which, decision);
      if (json) printJson({ dryRun: true, ...previewed });
      else console.log(`Nothing is done. The decision would set off:\n\n${table(previewed.effects, '  ')}`);
      return;
    }
    const accepted = await exits.decide(which, decision);
    if (json) printJson(accepted);
    else
      console.log(
        `Decided for ${employeeId}: ${describeDecision(accepted)}.\n\n  follow it:  ems watch ${employeeId}`,
      );
  });
}
