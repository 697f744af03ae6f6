import { Command } from 'commander';
import { stepKey, type ExitStatus, type Step } from '../exit/status.js';
import { formOption, withApplication, type ExitOptions } from './connect.js';
import { changeLog, type Change } from './change-log.js';
import { describeDecision, localTime, remark } from './output.js';

/** Attempts that fail leave no event to wait for, so they are looked for this often. */
const LOOK_EVERY_MS = 5_000;

export function watchCommand(): Command {
  return new Command('watch')
    .description('Follows the exit of an employee until it is over. Ctrl-C stops watching, not the exit.')
    .argument('<employeeId>', 'for example E-1002')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nWith --json: one array, an element for each change, printed as it happens; if it fails, the last one is {"error": "…", "code": "…", "facts": {}}.\n\nExample:\n  ems watch E-1002',
    )
    .action(watch);
}

async function watch(employeeId: string, { form, json }: ExitOptions): Promise<void> {
  const log = changeLog(json, lineOf);
  await withApplication(async (exits) => {
    let before = '';
    for await (const status of exits.follow({ employeeId, form }, LOOK_EVERY_MS)) {
      const changes = [...stepChanges(status), ...exitChanges(status)];
      for (const change of changes) log.see(change.what, change);
      if (!json && status.awaiting !== before) console.log(`  ${status.awaiting}`);
      before = status.awaiting;
    }
  }).then(log.end, (error: Error) => log.fail(error));
}

const lineOf = ({ at, what, state, remark }: Change): string =>
  `${localTime(at)}  ${what.padEnd(28)} ${state.padEnd(16)} ${remark}`.trimEnd();

function stepChanges({ steps }: ExitStatus): Change[] {
  return steps
    .filter(({ state }) => state !== 'pending')
    .map((step) => ({ at: timeOf(step), what: stepKey(step), state: step.state, remark: remark(step) }))
    .toSorted((a, b) => a.at.localeCompare(b.at));
}

const timeOf = ({ finishedAt, startedAt }: Step): string =>
  finishedAt ?? startedAt ?? new Date().toISOString();

function exitChanges({ openedAt, decision, closedAt, phase, rejectedDecisions }: ExitStatus): Change[] {
  return [
    ...rejectedDecisions.map(({ at, reason }) => ({
      at,
      what: `decision at ${at}`,
      state: 'refused',
      remark: reason,
    })),
    ...(decision
      ? [{ at: decision.decidedAt, what: 'decision', state: 'accepted', remark: describeDecision(decision) }]
      : []),
    { at: closedAt ?? decision?.decidedAt ?? openedAt, what: 'phase', state: phase, remark: '' },
  ];
}
