import type { DeadLetter } from '../choreography/dead-letters/read.js';
import { watch } from '../choreography/jetstream/log.js';
import { withRetry } from '../choreography/jetstream/with-retry.js';
import type { TrackedPromise } from '../choreography/observing/promises.js';
import {
  createTracker,
  isUnfinished,
  type Observed,
  type ObservedExit,
} from '../choreography/observing/tracker.js';
import { stepKey } from '../exit/status.js';
import { logChanges, type Change } from './change-log.js';
import { localTime, table } from './output.js';
import { printable } from '../client/printable.js';
import type { Define } from './session.js';

/** No event tells of what becomes overdue or is given up: look this often. */
const LOOK_EVERY_MS = 1_000;

/** Of a promise, by its consumer and its step or event; of the `phase`; or of a dead letter, by its id. */
interface ChangeOfExit extends Change {
  employeeId?: string | undefined;
  exitId?: string | undefined;
}

const tracker: Define = (command, session) =>
  command
    .option('--once', 'print the present state, and end')
    .addHelpText(
      'after',
      '\nRuns until Ctrl-C and prints a line for each change, beginning with what is not finished. It only reads. With --json: one array, an element for each change.\n\nExample:\n  ems tracker --once',
    )
    .action(async ({ once }: { once?: boolean }) => {
      if (once) {
        const observed = await createTracker(await session.bus()).look();
        for (const problem of problemsOf(observed)) session.warn(problem);
        return session.show(documentOf(observed), () => page(observed));
      }
      await logChanges<ChangeOfExit>(session, lineOf, async (see) => {
        const bus = await session.bus();
        const tracker = createTracker(bus);
        const warned = new Set<string>();
        const changes = await watch(bus, 'exit.>');
        for (let isFirst = true; ; isFirst = false) {
          const observed = await withRetry('the streams cannot be read', () => tracker.look());
          for (const problem of problemsOf(observed)) {
            if (!warned.has(problem)) session.warn(problem);
            warned.add(problem);
          }
          // What was over before the first look is no news.
          for (const [key, change] of changesIn(observed)) see(key, change, !(isFirst && isOver(change)));
          await changes.next(LOOK_EVERY_MS);
        }
      });
    });

export default tracker;

const isOver = ({ state }: Change): boolean => ['done', 'waived', 'closed'].includes(state);

const lineOf = ({ at, employeeId = '', what, state, remark }: ChangeOfExit): string =>
  `${localTime(at)}  ${employeeId.padEnd(10)} ${what.padEnd(44)} ${state.padEnd(18)} ${remark}`.trimEnd();

function* changesIn({ exits, strays }: Observed): Generator<[key: string, ChangeOfExit]> {
  for (const { employeeId, exitId, phase, openedAt, closedAt, promises } of exits) {
    const about = { employeeId, exitId };
    yield [
      `${exitId} phase`,
      { at: closedAt ?? openedAt, ...about, what: 'phase', state: phase, remark: '' },
    ];
    for (const promise of promises) {
      const what = `${promise.consumer} ${whatOf(promise)}`;
      const { state, since, doneAt, due } = promise;
      const at = doneAt ?? (state === 'overdue' ? due : since);
      yield [`${exitId} ${what}`, { at, ...about, what, state, remark: remarkOf(promise) }];
    }
  }
  for (const { id, at, employeeId, reason } of strays)
    yield [id, { at, employeeId, what: id, state: 'dead-lettered', remark: reason }];
}

const documentOf = ({ exits, strays }: Observed) => ({
  exits: exits.map(({ employeeId, employeeName, exitId, phase, openedAt, closedAt, promises }) => ({
    ...{ employeeId, employeeName, exitId, phase, openedAt, closedAt, promises },
  })),
  deadLetters: strays.map(({ id, at, employeeId, subject, reason }) => ({
    ...{ id, at, employeeId, subject, reason },
  })),
});

function page({ exits, strays }: Observed): string {
  const unfinished = exits.filter(isUnfinished);
  const rows = unfinished.flatMap(rowsOf);
  const over = exits.length - unfinished.length;
  return [
    ...(rows.length > 0
      ? [table([['EMPLOYEE', 'PHASE', 'SERVICE', 'PROMISE', 'STATE', 'WHEN', ''], ...rows])]
      : ['Nothing is open.']),
    ...(over > 0 ? ['', `${over} more exits are closed, with every promise kept.`] : []),
    ...(strays.length > 0 ? ['', 'Given up, and of no exit:', table(strays.map(strayRow), '  ')] : []),
  ].join('\n');
}

const rowsOf = ({ employeeId, phase, promises }: ObservedExit): string[][] =>
  promises.map((promise, i) => [
    i === 0 ? employeeId : '',
    i === 0 ? phase : '',
    promise.consumer,
    printable(whatOf(promise)),
    promise.state,
    localTime(promise.doneAt ?? promise.due),
    printable(remarkOf(promise)),
  ]);

const strayRow = ({ id, subject, reason }: DeadLetter): string[] => [id, subject, reason].map(printable);

/** The step as `ems resolve` takes it, where the service names one; otherwise the event. */
const whatOf = ({ event, step, system }: TrackedPromise): string => stepKey({ name: step ?? event, system });

const remarkOf = ({ remark, deadLetter }: TrackedPromise): string =>
  [deadLetter, remark].filter(Boolean).join(': ');

const problemsOf = ({ problems }: Observed): string[] =>
  [...problems].map(
    ([consumer, problem]) => `what the consumer ${consumer} promises cannot be read: ${problem}`,
  );
