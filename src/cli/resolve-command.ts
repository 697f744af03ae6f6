import { Argument } from 'commander';
import { resolutionActions, type Resolution } from '../exit/resolution.js';
import { stepKey, type Step } from '../exit/status.js';
import { byOption, formOption, type ExitOptions } from './exit-options.js';
import { remark } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions {
  by: string;
  evidence?: string;
  account?: string[];
  override?: boolean;
  dryRun?: boolean;
}

const resolve: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .argument('<step>', 'the step, with its system where it has one: block-access:payroll')
    .addArgument(new Argument('<action>', 'what to do with it').choices(resolutionActions))
    .addOption(byOption(session, 'who settles it'))
    .option('--evidence <text>', 'what shows that it was done: a ticket, a log line')
    .option('--account <id...>', 'with retry, where several accounts match: those that are meant, or all')
    .option('--override', 'with retry: take also the last active member of a protected group')
    .option('--dry-run', 'show the step, and change nothing')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nExample:\n  ems resolve E-1002 block-access:payroll done-by-hand --by it@acme.example --evidence "TICKET-42"',
    )
    .action(async (employeeId: string, key: string, action: Resolution['action'], options: Options) => {
      const { by, evidence, account: accounts, override, form, dryRun } = options;
      const [step = key, system] = key.split(':', 2);
      const which = { employeeId, form };
      const resolution: Resolution = { step, system, action, by, evidence, accounts, override };
      const exits = await session.application();
      if (dryRun) {
        const found = await exits.previewResolution(which, resolution);
        return session.show(
          { dryRun: true, resolution, step: found },
          (shown) => `Nothing is done. ${key} is ${standing(shown.step)}. It would be: ${action}, by ${by}.`,
        );
      }
      const settled = await exits.resolve(which, resolution);
      session.show(settled, (shown) => `${stepKey(shown)} of ${employeeId} is now ${standing(shown)}.`);
    });

export default resolve;

const standing = (step: Step): string => step.state + (remark(step) && ` (${remark(step)})`);
