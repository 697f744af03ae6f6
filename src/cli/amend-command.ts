import { byOption, formOption, type ExitOptions } from './exit-options.js';
import { describeDates } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions {
  lastWorkingDay?: string;
  effectiveOn?: string;
  by: string;
  note?: string;
}

const amend: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .option('--last-working-day <date>', 'YYYY-MM-DD; due dates and the interview follow')
    .option(
      '--effective-on <date>',
      'YYYY-MM-DD, where leaving is decided: the day on which access is revoked',
    )
    .addOption(byOption(session, 'who amends it; never the employee concerned'))
    .option('--note <text>', 'for the record')
    .addOption(formOption())
    .addHelpText('after', '\nExample:\n  ems amend E-1002 --last-working-day 2027-02-26 --by hr@acme.example')
    .action(async (employeeId: string, { form, ...amendment }: Options) => {
      const exits = await session.application();
      const amended = await exits.amend({ employeeId, form }, amendment);
      session.show(
        amended,
        ({ before, after, by }) =>
          `Amended for ${employeeId} by ${by}: ${describeDates(after)}. Before: ${describeDates(before)}.`,
      );
    });

export default amend;
