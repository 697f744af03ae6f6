import { Command } from 'commander';
import { Temporal } from 'temporal-polyfill';
import { parseDecision, type Decision, type Outcome } from '../exit/decision.js';
import type { ExitStatus } from '../exit/status.js';
import type { Form } from '../client/both-forms.js';
import { formOption, withExits } from './connect.js';
import { Refusal } from '../exit/refusal.js';
import { UsageError } from './usage-error.js';
import { describeDecision, printJson, table } from './output.js';

interface Options {
  by: string;
  note?: string;
  effectiveOn?: string;
  form?: Form;
  dryRun?: boolean;
  json?: boolean;
}

export function decideCommand(): Command {
  return new Command('decide')
    .description(
      'Finalises the decision: retained gives access back, leaving revokes it. The first decision stands.',
    )
    .argument('<employeeId>', 'for example E-1002')
    .argument('<outcome>', 'retained or leaving')
    .requiredOption('--by <email>', 'who decided; never the employee concerned')
    .option('--note <text>', 'for the record')
    .option(
      '--effective-on <date>',
      'leaving only: YYYY-MM-DD, the day on which access is revoked; blocked until then',
    )
    .option('--dry-run', 'show what the decision would set off, and do nothing')
    .addOption(formOption('ask only this form; default: wherever the exit is'))
    .addHelpText(
      'after',
      '\nExample:\n  ems decide E-1002 retained --by hr@acme.example --note "new contract signed"',
    )
    .action(decide);
}

async function decide(
  employeeId: string,
  outcome: string,
  { by, note, effectiveOn, form, dryRun, json }: Options,
): Promise<void> {
  const decision: Decision = { outcome: outcome as Outcome, decidedBy: by, note, effectiveOn };
  const malformed = malformation(decision, employeeId);
  if (malformed) throw new UsageError(malformed);

  await withExits(form, async (exits) => {
    if (dryRun) {
      const status = await exits.status(employeeId);
      const problem = await exits.weigh(employeeId, decision);
      if (problem) throw new Refusal(`Refused: ${problem}`);
      const effects = effectsOf(decision, status);
      if (json) printJson({ dryRun: true, decision, effects });
      else console.log(`Nothing is done. The decision would set off:\n\n${table(effects, '  ')}`);
      return;
    }
    const accepted = await exits.decide(employeeId, decision);
    if (json) printJson(accepted);
    else
      console.log(
        `Decided for ${employeeId}: ${describeDecision(accepted)}.\n\n  follow it:  ems watch ${employeeId}`,
      );
  });
}

/** What can be seen without asking the exit, which has the last word: it knows by which addresses the employee goes. */
function malformation(decision: Decision, employeeId: string): string | undefined {
  const weighed = parseDecision(decision, {
    employeeId,
    employeeIdentities: [],
    awaitingEffectiveDate: false,
    cancelled: false,
    today: Temporal.Now.plainDateISO().subtract({ days: 1 }).toString(),
  });
  return weighed.ok ? undefined : weighed.problem;
}

function effectsOf({ outcome, effectiveOn }: Decision, { steps, interview }: ExitStatus): string[][] {
  const systems = steps.filter(({ name }) => name === 'block-access').map(({ system }) => system!);
  const isAhead = interview !== undefined && Date.parse(interview.start) > Date.now();
  const when = effectiveOn ? `on ${effectiveOn}` : 'now';
  return [
    ...systems.map((system) =>
      outcome === 'leaving'
        ? [`revoke-access:${system}`, `${when}: account inactive, memberships removed`]
        : [`restore-access:${system}`, 'what the hold took is given back'],
    ),
    ...(outcome === 'retained' && isAhead ? [['cancel-hr-interview', 'the invitation is withdrawn']] : []),
    ['notify-manager-of-outcome', outcome],
  ];
}
