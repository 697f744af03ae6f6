/** `ems`: the client of the exit management system. Exits 0 done, 1 refused or failed, 2 wrong usage. */
import { Command, CommanderError } from 'commander';
import { deadLettersCommand } from './dead-letters-command.js';
import { decideCommand } from './decide-command.js';
import { told } from './told.js';
import { interviewCommand } from './interview-command.js';
import { listCommand } from './list-command.js';
import { printJson } from './output.js';
import { reportCommand } from './report-command.js';
import { resignCommand } from './resign-command.js';
import { resolveCommand } from './resolve-command.js';
import { serviceCommand } from './service-command.js';
import { statusCommand } from './status-command.js';
import { temporalCommand } from './temporal-command.js';
import { traceCommand } from './trace-command.js';
import { trackerCommand } from './tracker-command.js';
import { watchCommand } from './watch-command.js';

const program = new Command('ems')
  .description(
    'Exits of employees: tell the manager, schedule the interview, hold access until the decision is final.',
  )
  .addHelpText('after', '\nEach command has --help with an example, and --json for programs.');

// Before the subcommands inherit it: theirs, too, must not end the process with an exit code of Commander's own.
program.exitOverride().enablePositionalOptions();
const commands = [
  resignCommand,
  decideCommand,
  statusCommand,
  watchCommand,
  listCommand,
  resolveCommand,
  interviewCommand,
  reportCommand,
  trackerCommand,
  traceCommand,
  deadLettersCommand,
  serviceCommand,
  temporalCommand,
];
for (const define of commands) {
  program.addCommand(
    define()
      .option('--json', 'print one JSON document, and nothing else, to stdout')
      .copyInheritedSettings(program),
  );
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  const isOfCommander = error instanceof CommanderError;
  // Its help is not an error, and its errors it has already printed.
  if (isOfCommander && error.exitCode === 0) return 0;
  const { sentence, document } = told(error as Error);
  if (!isOfCommander) console.error(`ems: ${sentence}`);
  if (process.argv.includes('--json')) printJson(document);
  return document.code === 'invalid' ? 2 : 1;
}
