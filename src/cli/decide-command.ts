import { Command } from 'commander';
import type { Decision, Outcome } from '../exit/decision.js';
import { formOption, withApplication, type ExitOptions } from './connect.js';
import { describeDecision, show, table } from './output.js';

interface Options extends ExitOptions {
  by: string;
  note?: string;
  effectiveOn?: string;
  dryRun?: boolean;
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
      const effects = table(previewed.effects, '  ');
      const text = `Nothing is done. The decision would set off:\n\n${effects}`;
      return show(json, { dryRun: true, ...previewed }, () => text);
    }
    const accepted = await exits.decide(which, decision);
    const text = `Decided for ${employeeId}: ${describeDecision(accepted)}.`;
    show(json, accepted, () => `${text}\n\n  follow it:  ems watch ${employeeId}`);
  });
}
