import { Command } from 'commander';
import type { Form } from '../client/both-forms.js';
import { formOption, withExits } from './connect.js';
import { printJson, statusPage } from './output.js';

export function statusCommand(): Command {
  return new Command('status')
    .description(
      'Shows how the exit of an employee stands: what is done, what is stuck and why, who is waited for.',
    )
    .argument('<employeeId>', 'for example E-1002')
    .addOption(formOption('ask only this form; default: wherever the exit is'))
    .addHelpText('after', '\nExample:\n  ems status E-1002')
    .action(async (employeeId: string, { form, json }: { form?: Form; json?: boolean }) => {
      await withExits(form, async (exits) => {
        const status = await exits.status(employeeId);
        if (json) printJson(status);
        else console.log(statusPage(status));
      });
    });
}
