/** `ems`: the client of the exit management system. Exits 0 done, 1 refused or failed, 2 wrong usage. */
import { Command, CommanderError } from 'commander';
import { decideCommand } from './decide.js';
import { UsageError } from './usage-error.js';
import { listCommand } from './list.js';
import { resignCommand } from './resign.js';
import { resolveCommand } from './resolve.js';
import { statusCommand } from './status.js';
import { watchCommand } from './watch.js';

const program = new Command('ems')
  .description(
    'Exits of employees: tell the manager, schedule the interview, hold access until the decision is final.',
  )
  .addHelpText('after', '\nEach command has --help with an example, and --json for programs.');

const commands = [resignCommand, decideCommand, statusCommand, watchCommand, listCommand, resolveCommand];
for (const define of commands) {
  program.addCommand(
    define()
      .option('--json', 'print one JSON document, and nothing else, to stdout')
      .exitOverride()
      .copyInheritedSettings(program),
  );
}
program.exitOverride();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  // Commander has already printed its own errors, and its help is not an error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const { message } = error as Error;
  console.error(`ems: ${message}`);
  if (process.argv.includes('--json')) console.log(JSON.stringify({ error: message }, null, 2));
  return error instanceof UsageError ? 2 : 1;
}
