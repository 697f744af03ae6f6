import writeFileAtomic from 'write-file-atomic';
import { reportPage } from '../client/report-page.js';
import { formOption, type ExitOptions } from './exit-options.js';
import { jsonOf } from '../client/printable.js';
import type { Define } from './session.js';
import { version } from '../process/package-version.js';

interface Options extends ExitOptions {
  out?: string;
  exit?: string;
}

const report: Define = (command, session) =>
  command
    .argument('<employeeId>', 'for example E-1002')
    .option('--out <file>', 'write it to this file instead of stdout')
    .option('--exit <id>', 'an earlier exit; default: the newest one')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nIt shows who decided what, what the hold took, what was given back or revoked and when that was observed, and each mail. It works for a closed exit as long as Temporal keeps its history, or the stream its events.\n\nExample:\n  ems report E-1002 --out E-1002.html',
    )
    .action(async (employeeId: string, { out, form, exit: exitId }: Options) => {
      const exits = await session.application();
      const evidence = await exits.report({ employeeId, form, exitId }, version);
      const text = session.json
        ? `${jsonOf(evidence, 2)}\n`
        : await reportPage(evidence, await exits.company());
      if (out === undefined) {
        session.io.stdout.write(text);
        return;
      }
      // It names people and their access: only the user who asked may read it on this machine.
      await writeFileAtomic(out, text, { mode: 0o600 }).catch((error: Error) => {
        throw new Error(`The report cannot be written to ${out}: ${error.message}`, { cause: error });
      });
      session.io.stderr.write(`The report on ${employeeId} is in ${out}\n`);
    });

export default report;
