import type { DeadLetter } from '../choreography/dead-letters/read.js';
import { traceOf, type TraceNode } from '../choreography/observing/trace.js';
import { createTracker, type ObservedExit } from '../choreography/observing/tracker.js';
import { describeMs } from '../exit/duration.js';
import { titleOf } from '../exit/people.js';
import { Refusal } from '../exit/refusal.js';
import { localTime, table } from './output.js';
import { printable } from '../client/printable.js';
import type { Define } from './session.js';

const trace: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .addHelpText(
      'after',
      '\nA promise that is not kept is shown in its place, with !.\n\nExample:\n  ems trace E-1002',
    )
    .action(async (employeeId: string) => {
      const { exits, strays } = await createTracker(await session.bus(), employeeId).look();
      const newest = exits.at(-1);
      if (!newest)
        throw new Refusal(
          'no-exit',
          `${employeeId} has no choreographed exit${strays.length > 0 ? '; what was given up is in "ems dead-letters"' : ''}`,
        );
      const tree = traceOf(newest);
      const { exitId, phase } = newest;
      session.show({ employeeId, exitId, phase, tree }, () => page(newest, tree, strays));
    });

export default trace;

function page(
  { employeeId, employeeName, exitId, phase }: ObservedExit,
  tree: TraceNode[],
  strays: DeadLetter[],
) {
  const rows = strays.map(({ id, event, subject, reason }) => [id, event ?? subject, reason].map(printable));
  return [
    `Exit of ${printable(titleOf({ employeeId, employeeName }))}, ${phase}: ${exitId}`,
    '',
    table(tree.flatMap((node) => rowsOf(node, '', ''))),
    ...(rows.length > 0 ? ['', 'Given up, and of no exit:', table(rows, '  ')] : []),
  ].join('\n');
}

/** @param indent before the children; @param branch before the node itself */
function rowsOf(node: TraceNode, branch: string, indent: string): string[][] {
  const children = node.children.flatMap((child, i) => {
    const isLast = i === node.children.length - 1;
    return rowsOf(child, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`);
  });
  const [what, ...rest] = cellsOf(node);
  return [[branch + what!, ...rest].map(printable), ...children];
}

/** What, by which service, how long after its cause, and remarks. */
function cellsOf(node: TraceNode): string[] {
  const after = node.afterMs === undefined ? localTime(node.at) : `+${describeMs(node.afterMs)}`;
  switch (node.kind) {
    case 'event': {
      const { event, data, source, rejected, unknownCause } = node;
      const remarks = [
        rejected && `counts for nothing: ${rejected}`,
        unknownCause && `its cause ${unknownCause} is not there`,
      ];
      return [`${event} ${aboutOf(data)}`.trimEnd(), source, after, remarks.filter(Boolean).join('; ')];
    }
    case 'missing': {
      const { event, system, consumer, state, at, remark, deadLetter } = node;
      const when =
        state === 'overdue' ? `since ${localTime(at)}` : state === 'open' && `until ${localTime(at)}`;
      const why = [when, deadLetter, remark].filter(Boolean).join(': ');
      return [`! ${event} ${system ?? ''}`.trimEnd(), consumer, state, why];
    }
    case 'dead-letter': {
      const { id, consumer, reason, replayedAt } = node;
      return [
        `! dead letter ${id}`,
        consumer,
        after,
        reason + (replayedAt ? `; replayed ${localTime(replayedAt)}` : ''),
      ];
    }
  }
}

/** Distinguishes an event from others of its type. */
function aboutOf(data: unknown): string {
  const { system, of, outcome, step, action } = (data ?? {}) as Record<string, unknown>;
  return [of ?? outcome, step, system, action].filter((part) => typeof part === 'string').join(' ');
}
