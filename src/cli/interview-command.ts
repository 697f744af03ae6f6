import { Command } from 'commander';
import { Refusal } from '../exit/refusal.js';
import { formOption, withApplication, type ExitOptions } from './connect.js';
import { show, slot } from './output.js';

interface Options extends ExitOptions {
  at?: string;
  next?: boolean;
  by?: string;
}

export function interviewCommand(): Command {
  return new Command('interview')
    .description('Shows the exit interview, or moves it and invites everybody anew.')
    .argument('<employeeId>', 'for example E-1002')
    .option('--at <time>', 'to a given time: ISO 8601 with an offset, whatever the calendar says')
    .option('--next', 'to the next slot that is free')
    .option('--by <email>', 'who asked for it, for the record')
    .addOption(formOption())
    .addHelpText('after', '\nExample:\n  ems interview E-1002 --at 2026-12-01T14:00:00+01:00')
    .action(interview);
}

async function interview(employeeId: string, { json, form, ...options }: Options): Promise<void> {
  const which = { employeeId, form };
  const isAsked = options.at !== undefined || options.next !== undefined;
  if (options.by !== undefined && !isAsked) throw new Refusal('invalid', '--by goes with --at or --next');

  await withApplication(async (exits) => {
    if (isAsked) {
      const { start, end, timeZone, hrPartner } = await exits.reschedule(which, options);
      const moved = { start, end, timeZone, with: hrPartner?.email };
      const text = `The interview of ${employeeId} is now ${slot(moved)}. Everybody is invited anew.`;
      return show(json, moved, () => text);
    }
    const known = await exits.interview(which);
    show(json, known, () => `The interview of ${employeeId}: ${slot(known)}`);
  });
}
