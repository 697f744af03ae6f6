import { InvalidArgumentError } from 'commander';
import type { TakesEffect } from '../client/decide-exits.js';
import { effectOf } from '../client/effects.js';
import type { Decision, Outcome } from '../exit/decision.js';
import type { Decided } from '../exit/exits.js';
import { describeProposal } from '../exit/proposals.js';
import { Refusal } from '../exit/refusal.js';
import { stepKey } from '../exit/status.js';
import { byOption, formOption, type ExitOptions } from './exit-options.js';
import { describeDecision, table } from './output.js';
import type { Define } from './session.js';

interface Options extends ExitOptions {
  by: string;
  note?: string;
  effectiveOn?: string;
  now?: boolean;
  dryRun?: boolean;
  confirm?: boolean;
  reject?: boolean;
  proposal?: number;
}

const decide: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .argument('[outcome]', 'retained, leaving, withdrawn by the employee, or wrong-person')
    .addOption(byOption(session, 'who decided; never the employee concerned'))
    .option('--note <text>', 'for the record')
    .option(
      '--effective-on <date>',
      'leaving only: YYYY-MM-DD, the day on which access is revoked; default: once the last working day is over',
    )
    .option('--now', 'leaving only: revoke at once')
    .option('--confirm', 'confirm, as a second person, the decision that another one has proposed')
    .option('--reject', 'reject that proposal, or withdraw the own one')
    .option(
      '--proposal <number>',
      'which one, such as an override; default: the decision that waits',
      numberIn,
    )
    .option('--dry-run', 'show what the decision would set off, and change nothing')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nwithdrawn and wrong-person send a correction to each address that was told.\n\nExample:\n  ems decide E-1002 retained --by hr@acme.example --note "new contract signed"',
    )
    .action(async (employeeId: string, outcome: Outcome | undefined, options: Options) => {
      const { by, note, effectiveOn, now, form, dryRun, confirm, reject, proposal: number } = options;
      const which = { employeeId, form };
      if ([outcome, confirm, reject].filter(Boolean).length !== 1)
        throw new Refusal('invalid', 'say one of: an outcome, --confirm, --reject');
      if (number !== undefined && outcome !== undefined)
        throw new Refusal('invalid', '--proposal goes with --confirm or --reject');
      if (reject) {
        const ended = await (await session.application()).reject(which, { number, by, note });
        return session.show(
          ended,
          ({ state, by: proposer }) =>
            `The proposal of ${proposer} for ${employeeId}, ${describeProposal(ended)}, is ${state}.`,
        );
      }
      if (confirm) {
        const { decided, step } = await (await session.application()).confirm(which, { number, by });
        if (decided) return session.show(decided, (shown) => told(employeeId, shown, session.by('their')));
        return session.show(
          step!,
          (shown) => `Confirmed for ${employeeId}: ${stepKey(shown)} is tried again.`,
        );
      }
      const decision: Decision = { outcome: outcome!, decidedBy: by, note, effectiveOn, now };
      const exits = await session.application();
      if (dryRun) {
        const { setsOff, ...previewed } = await exits.previewDecision(which, decision);
        const to = { outcome: decision.outcome, day: previewed.takesEffect?.day };
        const effects = setsOff.map((step) => [stepKey(step), effectOf(step, to) ?? step.summary]);
        return session.show(
          { dryRun: true, ...previewed, effects },
          ({ takesEffect, needsSecond, ...shown }) => {
            const when = takesEffect ? `${describeEffect(takesEffect)}.` : 'It would take effect at once.';
            const second = needsSecond ? ' A second person has to confirm it first.' : '';
            return `Nothing is done. The decision would set off:\n\n${table(shown.effects, '  ')}\n\n${when}${second}`;
          },
        );
      }
      const accepted = await exits.decide(which, decision);
      session.show(accepted, (shown) => told(employeeId, shown, session.by('their')));
    });

export default decide;

function numberIn(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is the number of a proposal, such as 1.');
}

function told(employeeId: string, decided: Decided, by: string): string {
  const what = describeDecision(decided);
  if (decided.proposedAt === undefined)
    return `Decided for ${employeeId}: ${what}.\n\n  follow it:  ems watch ${employeeId}`;
  return `Proposed for ${employeeId}: ${what}. It counts once a second person confirms it; until then nothing is given back or revoked.\n\n  to confirm:  ems decide ${employeeId} --confirm${by}`;
}

function describeEffect({ day, at, timeZone, isEmployeeZone }: TakesEffect): string {
  const whose = isEmployeeZone
    ? 'the employee’s time zone'
    : 'the company’s time zone, since the directory tells none that EMS knows';
  const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short', timeZone });
  return `It would take effect when ${day} begins: ${local.format(new Date(at))} in ${timeZone}, ${whose}; ${at}`;
}
