import { stepKey, type ExitStatus, type Step } from '../exit/status.js';
import { logChanges, type Change } from './change-log.js';
import { formOption, type ExitOptions } from './exit-options.js';
import { describeDecision, localTime, remark } from './output.js';
import type { Define } from './session.js';

/** No event tells of a failed attempt: look this often. */
const LOOK_EVERY_MS = 5_000;

const watch: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nWith --json: one array, an element for each change, printed as it happens; if it fails, the last one is {"error": "…", "code": "…", "facts": {}}.\n\nExample:\n  ems watch E-1002',
    )
    .action(async (employeeId: string, { form }: ExitOptions) => {
      await logChanges(session, lineOf, async (see) => {
        const exits = await session.application();
        let before = '';
        for await (const status of exits.follow({ employeeId, form }, LOOK_EVERY_MS)) {
          const changes = [...stepChanges(status), ...exitChanges(status)];
          for (const change of changes) see(change.what, change);
          if (!session.json && status.awaiting !== before) session.print(`  ${status.awaiting}`);
          before = status.awaiting;
        }
      });
    });

export default watch;

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
