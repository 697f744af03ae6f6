import { Argument } from 'commander';
import type { DeadLetter } from '../choreography/dead-letters/read.js';
import { deadLettersOf, type Replayed } from '../choreography/dead-letters/replay.js';
import { Refusal } from '../exit/refusal.js';
import { factTable, localTime, table } from './output.js';
import { printable } from '../client/printable.js';
import type { Define } from './session.js';

const actions = ['list', 'show', 'replay'] as const;
type Action = (typeof actions)[number];

const deadLetters: Define = (command, session) =>
  command
    .addArgument(new Argument('[action]', 'what to do').choices(actions).default('list'))
    .argument('[id]', 'for show and replay, as in the list: notification.42')
    .addHelpText(
      'after',
      '\nMend the cause first, then replay. A second replay of the same dead letter does nothing.\n\nExample:\n  ems dead-letters replay notification.42',
    )
    .action(async (action: Action, id: string | undefined) => {
      if ((action === 'list') !== (id === undefined))
        throw new Refusal(
          'invalid',
          action === 'list' ? 'list takes no id' : `${action} needs the id of a dead letter`,
        );
      const letters = deadLettersOf(await session.bus());
      switch (action) {
        case 'list': {
          const found = await letters.list();
          const text = () => (found.length > 0 ? page(found) : 'No dead letters.');
          return session.show(found.map(summaryOf), text);
        }
        case 'show': {
          const letter = await letters.find(id!);
          return session.show({ ...summaryOf(letter), ...originalOf(letter) }, () => detailsOf(letter));
        }
        case 'replay': {
          const replayed = await letters.replay(id!);
          return session.show(replayed, () => describeReplay(replayed));
        }
      }
    });

export default deadLetters;

function summaryOf({ headers: _headers, data: _data, original: _original, ...summary }: DeadLetter) {
  return summary;
}

/** The data as text, or in base64 where they are not UTF-8. */
function originalOf({ headers, data }: DeadLetter) {
  const named = Object.fromEntries([...headers].map(([name, values]) => [name, values.join(', ')]));
  try {
    return { headers: named, data: new TextDecoder('utf-8', { fatal: true }).decode(data) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { headers: named, dataBase64: Buffer.from(data).toString('base64') };
  }
}

function page(letters: readonly DeadLetter[]): string {
  const rows = letters.map(({ id, at, employeeId, event, subject, reason, replayedAt }) => [
    id,
    localTime(at),
    employeeId ?? '',
    printable(event ?? subject),
    printable(reason) + (replayedAt === undefined ? '' : `; replayed ${localTime(replayedAt)}`),
  ]);
  return table([['ID', 'WHEN', 'EMPLOYEE', 'EVENT', 'WHY'], ...rows]);
}

function detailsOf(letter: DeadLetter): string {
  const { id, step, exitId, at, replayedAt, truncatedFrom } = letter;
  const { headers, data, dataBase64 } = { data: undefined, dataBase64: undefined, ...originalOf(letter) };
  const facts: [string, string | undefined][] = [
    ['given up by', `${letter.consumer}, ${localTime(at)}, at delivery ${letter.deliveries}`],
    ['why', `${letter.reason} (${letter.type})`],
    ['step', step],
    ['exit', exitId],
    ['message', `${letter.subject}, number ${letter.sequence} of the stream`],
    ['cut', truncatedFrom === undefined ? undefined : `of ${truncatedFrom} bytes only these`],
    ['replayed', replayedAt && localTime(replayedAt)],
  ];
  const clean = (rows: typeof facts) =>
    factTable(rows.map(([name, value]) => [printable(name), value && printable(value)]));
  return [
    `Dead letter ${id}`,
    clean(facts),
    '',
    clean(Object.entries(headers)) || '  (no headers)',
    '',
    `  ${data === undefined ? `${dataBase64} (base64)` : printable(data) || '(no data)'}`,
    ...(replayedAt === undefined ? ['', `  once the cause is mended:  ems dead-letters replay ${id}`] : []),
  ].join('\n');
}

const describeReplay = (replayed: Replayed): string =>
  replayed.replayed
    ? `${replayed.id} is before its consumer again, as number ${replayed.sequence} of the stream.`
    : `Nothing is done with ${replayed.id}: ${replayed.why}.`;
