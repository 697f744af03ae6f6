import { Argument, Command } from 'commander';
import { resolutionActions, type Resolution } from '../exit/resolution.js';
import { stepKey } from '../exit/status.js';
import { formOption, withApplication, type ExitOptions } from './connect.js';
import { remark, show } from './output.js';

interface Options extends ExitOptions {
  by: string;
  evidence?: string;
  dryRun?: boolean;
}

export function resolveCommand(): Command {
  return new Command('resolve')
    .description('Mends a stuck step: tries it again now, or records that it was done by hand or is skipped.')
    .argument('<employeeId>', 'for example E-1002')
    .argument('<step>', 'the step, with its system where it has one: block-access:payroll')
    .addArgument(new Argument('<action>', 'what is to happen').choices(resolutionActions))
    .requiredOption('--by <email>', 'who settles it')
    .option('--evidence <text>', 'a ticket, a log line: what shows that it was done')
    .option('--dry-run', 'show the step as it stands, and do nothing')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nExample:\n  ems resolve E-1002 block-access:payroll done-by-hand --by it@acme.example --evidence "TICKET-42"',
    )
    .action(resolve);
}

async function resolve(
  employeeId: string,
  key: string,
  action: Resolution['action'],
  options: Options,
): Promise<void> {
  const { by, evidence, form, dryRun, json } = options;
  const [step = key, system] = key.split(':', 2);
  const which = { employeeId, form };
  const resolution: Resolution = { step, system, action, by, evidence };
  await withApplication(async (exits) => {
    if (dryRun) {
      const found = await exits.previewResolution(which, resolution);
      const text = `Nothing is done. ${key} is ${found.state}: ${remark(found)}. It would be: ${action}, by ${by}.`;
      return show(json, { dryRun: true, resolution, step: found }, () => text);
    }
    const settled = await exits.resolve(which, resolution);
    const text = `${stepKey(settled)} of ${employeeId} is now ${settled.state}. ${remark(settled)}`;
    show(json, settled, () => text.trim());
  });
}
