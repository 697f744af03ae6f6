import { Command } from 'commander';
import { parseRescheduling } from '../exit/rescheduling.js';
import { Refusal } from '../exit/refusal.js';
import type { Form } from '../client/both-forms.js';
import { formOption, withExits } from './connect.js';
import { printJson, slot } from './output.js';
import { UsageError } from './usage-error.js';

interface Options {
  at?: string;
  next?: boolean;
  by?: string;
  form?: Form;
  json?: boolean;
}

export function interviewCommand(): Command {
  return new Command('interview')
    .description('Shows the exit interview, or moves it and invites everybody anew.')
    .argument('<employeeId>', 'for example E-1002')
    .option('--at <time>', 'to a given time: ISO 8601 with an offset, whatever the calendar says')
    .option('--next', 'to the next slot that is free')
    .option('--by <email>', 'who asked for it, for the record')
    .addOption(formOption('ask only this form; default: wherever the exit is'))
    .addHelpText('after', '\nExample:\n  ems interview E-1002 --at 2026-12-01T14:00:00+01:00')
    .action(interview);
}

async function interview(employeeId: string, { json, form, ...options }: Options): Promise<void> {
  const isAsked = options.at !== undefined || options.next !== undefined;
  const wish = parseRescheduling(options, new Date().toISOString());
  if (isAsked && !wish.ok) throw new UsageError(wish.problem);
  if (options.by !== undefined && !isAsked) throw new UsageError('--by goes with --at or --next');

  await withExits(form, async (exits) => {
    if (wish.ok) {
      const { start, end, timeZone, hrPartner } = await exits.reschedule(employeeId, wish.value);
      const moved = { start, end, timeZone, with: hrPartner?.email };
      if (json) printJson(moved);
      else console.log(`The interview of ${employeeId} is now ${slot(moved)}. Everybody is invited anew.`);
      return;
    }
    const { interview: known } = await exits.status(employeeId);
    if (!known) throw new Refusal(`${employeeId} has no interview: ems status ${employeeId}`);
    if (json) printJson(known);
    else console.log(`The interview of ${employeeId}: ${slot(known)}`);
  });
}
