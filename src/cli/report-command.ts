import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import writeFileAtomic from 'write-file-atomic';
import { configuration, formOption, withApplication, type ExitOptions } from './connect.js';
import { reportPage } from './report-page.js';

interface Options extends ExitOptions {
  out?: string;
  exit?: string;
}

export function reportCommand(): Command {
  return new Command('report')
    .description(
      'The evidence of an exit, from its history alone: who decided what, what was taken, verified and given back or revoked, who was told. A page (HTML) that prints well.',
    )
    .argument('<employeeId>', 'for example E-1002')
    .option('--out <file>', 'write it to this file instead of stdout')
    .option('--exit <id>', 'of an earlier exit; default: of the newest one')
    .addOption(formOption())
    .addHelpText(
      'after',
      '\nIt works for a closed exit as long as Temporal keeps its history, and the stream its events.\n\nExample:\n  ems report E-1002 --out E-1002.html',
    )
    .action(report);
}

async function report(employeeId: string, { json, out, form, exit: exitId }: Options): Promise<void> {
  const which = { employeeId, form, exitId };
  const evidence = await withApplication((exits) => exits.report(which, version()));
  const text = json ? `${JSON.stringify(evidence, null, 2)}\n` : await page();
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  // It names people and what they may do: for whoever asked, and for nobody else on this machine.
  await writeFileAtomic(out, text, { mode: 0o600 }).catch((error: Error) => {
    throw new Error(`The report cannot be written to ${out}: ${error.message}`, { cause: error });
  });
  console.error(`The report on ${employeeId} is in ${out}`);

  function page(): Promise<string> {
    const { organisation, interview } = configuration();
    return reportPage(evidence, { organisation: organisation.name, timeZone: interview.timeZone });
  }
}

function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
