import { Refusal } from '../exit/refusal.js';
import { formOption, personOption, type ExitOptions } from './exit-options.js';
import { slot } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions {
  at?: string;
  next?: boolean;
  by?: string;
}

const interview: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .option('--at <time>', 'to a given time: ISO 8601 with an offset, whatever the calendar says')
    .option('--next', 'to the next free slot')
    .addOption(personOption(session, '--by <email>', 'who asked for it, for the record'))
    .addOption(formOption())
    .addHelpText('after', '\nExample:\n  ems interview E-1002 --at 2026-12-01T14:00:00+01:00')
    .action(async (employeeId: string, { at, next, by, form }: Options) => {
      const which = { employeeId, form };
      const isMoved = at !== undefined || next !== undefined;
      if (by !== undefined && !isMoved) throw new Refusal('invalid', '--by goes with --at or --next');

      const exits = await session.application();
      if (isMoved) {
        const { start, end, timeZone, hrPartner } = await exits.reschedule(which, { at, next, by });
        const moved = { start, end, timeZone, with: hrPartner?.email };
        return session.show(
          moved,
          (shown) => `The interview of ${employeeId} is now ${slot(shown)}. New invitations are sent.`,
        );
      }
      const known = await exits.interview(which);
      session.show(known, (shown) => `The interview of ${employeeId}: ${slot(shown)}`);
    });

export default interview;
