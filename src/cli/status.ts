import { Command } from 'commander';
import { withTemporal } from './connect.js';
import { orchestratedExits } from '../client/orchestrated.js';
import { printJson, statusPage } from './output.js';

export function statusCommand(): Command {
  return new Command('status')
    .description(
      'Shows how the exit of an employee stands: what is done, what is stuck and why, who is waited for.',
    )
    .argument('<employeeId>', 'for example E-1002')
    .addHelpText('after', '\nExample:\n  ems status E-1002')
    .action(async (employeeId: string, { json }: { json?: boolean }) => {
      await withTemporal(async (client) => {
        const status = await orchestratedExits(client).status(employeeId);
        if (json) printJson(status);
        else console.log(statusPage(status));
      });
    });
}
