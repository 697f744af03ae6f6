import { all } from '../client/bulk.js';
import type { WaitingInForm } from '../client/openings.js';
import { Refusal } from '../exit/refusal.js';
import { personOption } from './exit-options.js';
import { localTime, table } from './output.js';
import type { Define } from './session.js';

interface Options {
  confirm?: boolean;
  reject?: boolean;
  all?: string;
  by?: string;
  note?: string;
}

const openings: Define = (command, session) =>
  command
    .argument('[employeeId...]', 'whose openings, for example E-1002')
    .option('--confirm', 'open the exits, as a second person')
    .option('--reject', 'end the openings, or withdraw the own ones')
    .option('--all <number>', 'every opening that waits: how many they are')
    .addOption(personOption(session, '--by <email>', 'who confirms or rejects; never the employee concerned'))
    .option('--note <text>', 'why they are rejected, for the record')
    .addHelpText(
      'after',
      '\nExample:\n  ems openings\n  ems openings E-1002 --confirm --by head-of-hr@acme.example',
    )
    .action(async (named: string[], { confirm, reject, all: typed, by = session.person, note }: Options) => {
      const application = await session.application();
      if (!confirm && !reject) {
        const waiting = await application.waiting();
        return session.show(waiting, (shown) =>
          shown.length === 0 ? 'No opening waits.' : table(shown.map(rowOf), ''),
        );
      }
      if (confirm && reject) throw new Refusal('invalid', 'say one of: --confirm, --reject');
      if (by === undefined)
        throw new Refusal('invalid', '--by: say who confirms or rejects, by a mail address');
      if ((named.length === 0) === (typed === undefined))
        throw new Refusal('invalid', 'name either employees or, with --all, how many openings wait');
      session.endless();
      const ids = typed === undefined ? named : everyOne(await application.waiting(), Number(typed));
      const ended = await all(
        confirm
          ? await application.confirmOpenings(ids, { by })
          : await application.rejectOpenings(ids, { by, note }),
        session.io.signal,
      );
      session.show(ended, (shown) =>
        table(shown.map((row) => [row.employeeId, row.name ?? '', row.state, row.message ?? ''])),
      );
      if (ended.some(({ state }) => ['refused', 'unknown'].includes(state))) session.exitCode = 1;
    });

export default openings;

function rowOf({ resignation, form, beyond, askedAt }: WaitingInForm): string[] {
  const { employeeId, submittedBy, reason = '' } = resignation;
  return [employeeId, form, localTime(askedAt), `asked by ${submittedBy}`, `limit of the ${beyond}`, reason];
}

function everyOne(waiting: readonly WaitingInForm[], typed: number): string[] {
  if (waiting.length === typed) return waiting.map(({ resignation }) => resignation.employeeId);
  throw new Refusal('invalid', `--all: ${waiting.length} openings wait, not ${typed}: nothing was done`);
}
