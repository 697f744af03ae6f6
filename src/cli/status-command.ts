import { Command } from 'commander';
import { formOption, withApplication, type ExitOptions } from './connect.js';
import { show, statusPage } from './output.js';

interface Options extends ExitOptions {
  exit?: string;
}

export function statusCommand(): Command {
  return new Command('status')
    .description(
      'Shows how the exit of an employee stands: what is done, what is stuck and why, who is waited for.',
    )
    .argument('<employeeId>', 'for example E-1002')
    .option('--exit <id>', 'an earlier exit; default: the newest one')
    .addOption(formOption())
    .addHelpText('after', '\nExample:\n  ems status E-1002')
    .action(async (employeeId: string, { form, exit: exitId, json }: Options) => {
      await withApplication(async (exits) => {
        const status = await exits.status({ employeeId, form, exitId });
        show(json, status, () => statusPage(status));
      });
    });
}
