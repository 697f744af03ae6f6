import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { notConfigured } from '../client/forms.js';
import { findTemporal } from '../local/find-temporal.js';
import { temporalAddressFor } from './connect.js';
import type { Define } from './session.js';

const temporal: Define = (command, session) =>
  command
    .argument('[arguments...]', 'passed on to the command')
    .passThroughOptions()
    .allowUnknownOption()
    .addHelpText(
      'after',
      '\nThe program is found, or fetched once.\n\nExample:\n  ems temporal workflow list\n  ems temporal workflow describe --help',
    )
    .action(async (given: string[], { json }: { json?: boolean }) => {
      const { env, stderr } = session.io;
      const address = temporalAddressFor(env);
      if (address === undefined) throw notConfigured('orchestrated');
      session.endless();
      const program = await findTemporal((line) => void stderr.write(`${line}\n`));
      const child = spawn(program, [...given, ...(json ? ['--output', 'json'] : [])], {
        stdio: 'inherit',
        env: { ...env, TEMPORAL_ADDRESS: address },
      });
      const [code] = (await once(child, 'exit')) as [number | null];
      session.exitCode = code ?? 1;
    });

export default temporal;
