import { formOption, type ExitOptions } from './exit-options.js';
import { statusPage } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions {
  exit?: string;
}

const status: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .option('--exit <id>', 'an earlier exit; default: the newest one')
    .addOption(formOption())
    .addHelpText('after', '\nExample:\n  ems status E-1002')
    .action(async (employeeId: string, { form, exit: exitId }: Options) => {
      const exits = await session.application();
      const status = await exits.status({ employeeId, form, exitId });
      session.show(status, (shown) => statusPage(shown, session.by('your')));
    });

export default status;
