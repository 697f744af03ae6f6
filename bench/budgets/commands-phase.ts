/** How long `ems` takes, as a person waits for it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { startStack } from '../../src/local/stack.js';
import { markdown, show, spread } from '../compare/figures.js';
import type { Phase } from './measured-phase.js';

const run = promisify(execFile);
const ems = fileURLToPath(new URL('../../../bin/ems.js', import.meta.url));
const commands = [
  { args: ['--help'], budget: '≤ 100' },
  { args: ['status', 'E-1002'], budget: '≤ 300' },
  { args: ['list'], budget: '' },
];

export const commandsPhase: Phase = async ({ folder, scale }) => {
  const stack = await startStack({ home: folder, ports: 'free', report: () => undefined });
  try {
    const env = { ...process.env, ...stack.env };
    const ask = async (args: string[]): Promise<number> => {
      const before = performance.now();
      await run(process.execPath, [ems, ...args], { env });
      return performance.now() - before;
    };
    await ask(['resign', 'E-1002']);
    const times = commands.map((): number[] => []);
    for (let round = 0; round < 2 * scale.rounds; round += 1)
      for (const [i, { args }] of commands.entries()) times[i]!.push(await ask(args));
    const rows = commands.map(({ args, budget }, i) => [
      `\`ems ${args.join(' ')}\``,
      show(spread(times[i]!)),
      budget,
    ]);
    return { page: markdown(['', 'ms', 'budget'], rows), times };
  } finally {
    await stack.stop();
  }
};
