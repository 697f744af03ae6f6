import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Command } from 'commander';
import { notConfigured } from '../client/forms.js';
import { findTemporal } from '../local/find-temporal.js';
import { temporalAddress } from './connect.js';

export function temporalCommand(): Command {
  return new Command('temporal')
    .description("Runs Temporal's own command on the server that ems uses: the program is found or fetched.")
    .argument('[arguments...]', 'what the command is given, as it stands')
    .passThroughOptions()
    .addHelpText('after', '\nExample:\n  ems temporal workflow list\n  ems temporal workflow describe --help')
    .action(async (given: string[], { json }: { json?: boolean }) => {
      const address = temporalAddress();
      if (address === undefined) throw notConfigured('orchestrated');
      const program = await findTemporal((line) => console.error(line));
      const child = spawn(program, [...given, ...(json ? ['--output', 'json'] : [])], {
        stdio: 'inherit',
        env: { ...process.env, TEMPORAL_ADDRESS: address },
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      process.exitCode = code ?? 1;
    });
}
