import { Command, CommanderError } from 'commander';
import { describeError } from './describe-error.js';
import { printableLines } from '../client/printable.js';
import { Session, type Define, type Io } from './session.js';
import { version } from '../process/package-version.js';

/** A command is loaded once it is used: the clients of Temporal and NATS load slowly. */
const commands: Record<string, [summary: string, load: () => Promise<{ default: Define }>]> = {
  login: [
    'Logs in to the console, which then does what ems asks for, in your name.',
    () => import('./login-command.js'),
  ],
  logout: ['Ends the login.', () => import('./logout-command.js')],
  resign: [
    'Opens the exit of an employee, or those of a table: access is blocked, the manager told, the interview arranged.',
    () => import('./resign-command.js'),
  ],
  people: ['Searches the directory by a part of a name.', () => import('./people-command.js')],
  openings: [
    'Lists the openings that wait for a second person, confirms or rejects them.',
    () => import('./openings-command.js'),
  ],
  decide: [
    'Finalises the decision: leaving revokes access, every other outcome gives it back. The first decision stands.',
    () => import('./decide-command.js'),
  ],
  amend: [
    'Changes the last working day of an open exit, or the day on which leaving takes effect.',
    () => import('./amend-command.js'),
  ],
  'hand-over': [
    'Gives an open exit, or all of an HR partner, to another HR partner. The interview follows.',
    () => import('./hand-over-command.js'),
  ],
  status: [
    'Shows the exit of an employee: what is done, what is stuck and why, and whose turn it is.',
    () => import('./status-command.js'),
  ],
  watch: [
    'Follows the exit of an employee until it is over. Ctrl-C stops watching, not the exit.',
    () => import('./watch-command.js'),
  ],
  list: [
    'Lists exits with the steps that need attention: open ones first, the newest of them on top.',
    () => import('./list-command.js'),
  ],
  resolve: [
    'Mends a stuck step: tries it again now, or records that it was done by hand or is skipped.',
    () => import('./resolve-command.js'),
  ],
  interview: [
    'Shows the exit interview, or moves it and sends new invitations.',
    () => import('./interview-command.js'),
  ],
  report: [
    'Writes the evidence of an exit, from its history alone, as a page (HTML) that prints well.',
    () => import('./report-command.js'),
  ],
  tracker: [
    'Observes the choreographed exits: what each service promises, and whether it keeps it.',
    () => import('./tracker-command.js'),
  ],
  trace: [
    'Draws the newest choreographed exit of an employee: each event under its cause.',
    () => import('./trace-command.js'),
  ],
  'dead-letters': [
    'Lists the messages that a service of the choreographed form gave up, shows one, or replays it.',
    () => import('./dead-letters-command.js'),
  ],
  doctor: [
    'Checks every server, worker and service: what is out of order, since when, and which exits wait for it.',
    () => import('./doctor-command.js'),
  ],
  service: ['Runs services of the choreographed form until Ctrl-C.', () => import('./service-command.js')],
  serve: ['Runs the console and the HTTP API until Ctrl-C.', () => import('./serve-command.js')],
  temporal: [
    "Runs Temporal's own command on the server that ems uses.",
    () => import('./temporal-command.js'),
  ],
};

/**
 * `ems`: the client of the exit management system.
 * @param argv without the program
 * @returns the exit code: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted
 */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const session = new Session(io, argv.includes('--json'), argv[0]);
  try {
    await Promise.race([programOf(session).parseAsync(argv, { from: 'user' }), session.cut]);
  } catch (error) {
    session.exitCode = report(error as Error, session);
  } finally {
    await session.close();
  }
  return session.exitCode;
}

function programOf(session: Session): Command {
  const { stdout, stderr } = session.io;
  const program = new Command('ems')
    .description(
      'Exits of employees: tell the manager, schedule the interview, hold access until the decision is final.',
    )
    .version(version)
    .addHelpText('after', '\nEach command has --help with an example, and --json for programs.')
    // Otherwise Commander ends the process, with an exit code of its own.
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      // What was typed may come from a file.
      writeErr: (text) => stderr.write(printableLines(text)),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
    })
    .hook('preSubcommand', async (_program, command) => {
      const { default: define } = await commands[command.name()]![1]();
      await session.identify();
      define(command, session).option('--json', 'print one JSON document, and nothing else, to stdout');
    });
  for (const [name, [summary]] of Object.entries(commands)) program.command(name).description(summary);
  return program;
}

/** @returns the exit code */
function report(error: Error, session: Session): number {
  const isOfCommander = error instanceof CommanderError;
  // Commander's help is no error, and Commander prints its own errors.
  if (isOfCommander && error.exitCode === 0) return 0;
  const { sentence, document } = describeError(error, session);
  if (!isOfCommander) session.warn(sentence);
  if (session.json) session.show(document, () => '');
  return document.code === 'invalid' ? 2 : 1;
}
