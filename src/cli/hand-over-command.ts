import { Refusal } from '../exit/refusal.js';
import { byOption, formOption, type ExitOptions } from './exit-options.js';
import { table } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions {
  allOf?: string;
  to: string;
  by: string;
}

const handOver: Define = (command, session) =>
  command
    .argument('[employeeId]', 'for example E-1002')
    .option('--all-of <email>', 'every open exit of this HR partner')
    .requiredOption('--to <email>', 'the HR partner who takes over, as the configuration names them')
    .addOption(byOption(session, 'who hands it over; never the employee concerned'))
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nExample:\n  ems hand-over --all-of old@acme.example --to hr@acme.example --by hr@acme.example',
    )
    .action(async (employeeId: string | undefined, { allOf: from, to, by, form }: Options) => {
      if ((employeeId === undefined) === (from === undefined))
        throw new Refusal('invalid', 'name either an employee or, with --all-of, an HR partner');
      const exits = await session.application();
      if (employeeId !== undefined) {
        const handedOver = await exits.handOver({ employeeId, form }, { to, by });
        const done = (old: string, now: string) => `The exit of ${employeeId} goes from ${old} to ${now}.`;
        return session.show(handedOver, (shown) => done(shown.from.email, shown.to.email));
      }
      const all = await exits.handOverAll({ from: from!, to, by, form });
      if (all.some(({ problem }) => problem !== undefined)) session.exitCode = 1;
      session.show(all, (shown) => {
        const rows = shown.map((each) => [each.employeeId, each.form, each.problem ?? `goes to ${to}`]);
        return rows.length > 0 ? table(rows) : `${from} has no open exit.`;
      });
    });

export default handOver;
