import { table } from './output.js';
import type { Define } from './session.js';

const people: Define = (command, session) =>
  command
    .argument('<name>', 'a part of a name, a login or a mail address')
    .addHelpText('after', '\nExample:\n  ems people fox')
    .action(async (name: string) => {
      const found = await (await session.application()).people(name);
      session.show(found, ({ people: shown }) =>
        shown.length === 0
          ? 'The directory shows no one so named.'
          : table(
              shown.map((each) => [
                ...[each.employeeId, each.name, each.email ?? ''],
                each.isInactive ? 'not active' : '',
              ]),
            ),
      );
      if (!found.isWhole) session.warn('there may be more: type more of the name');
    });

export default people;
