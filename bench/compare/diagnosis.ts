/**
 * How an operator finds out why an exit stands still: which commands it takes, and how long they run until one names the cause. They
 * are the real programs, each a process of its own. The time to read and to think is not counted.
 */
import { execFile } from 'node:child_process';
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findTemporal } from '../../src/local/find-temporal.js';
import { nextEmployee, resign, runToEnd, untilSeen, type Exit } from './exit.js';
import { markdown, median } from './figures.js';
import { kinds, startForm, type Form } from './form.js';
import type { Phase, World } from './phase.js';

/** How long a step may go on before it asks for attention: as short as it takes to see both kinds of "stuck" in one run. */
const ATTENTION_AFTER_MS = 2_000;

interface Command {
  /** As it is typed. */
  typed: string;
  program: string;
  args: string[];
}

interface Asked {
  command: string;
  ms: number;
  output: string;
  namesCause: boolean;
}
interface Diagnosis {
  stuck: string;
  by: string;
  /** Up to the one that names the cause. */
  commands: Asked[];
  /** False where none of them does, or where the build has not got them. */
  found: boolean;
}
type Figures = Diagnosis[];

const ems = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const plainReads = fileURLToPath(new URL('./plain-reads.js', import.meta.url));
const emsCommand = (...args: string[]): Command => ({
  typed: `ems ${args.join(' ')}`,
  program: process.execPath,
  args: [ems, ...args],
});
const natsCommand = (typed: string, ...args: string[]): Command => ({
  typed,
  program: process.execPath,
  args: [plainReads, ...args],
});

/** What an operator would ask, in this order, with each set of tools. */
function waysOf(form: Form, temporal: string, { employeeId }: Exit): Record<string, Command[]> {
  if (form.kind === 'orchestrated') {
    const address = ['--address', form.env['TEMPORAL_ADDRESS']!];
    const describe = (queue: string): Command => ({
      typed: `temporal task-queue describe --task-queue ${queue}`,
      program: temporal,
      args: ['task-queue', 'describe', '--task-queue', queue, ...address],
    });
    return {
      'orchestrated: ems, temporal': [
        emsCommand('list', '--attention'),
        emsCommand('status', employeeId),
        describe('access'),
      ],
    };
  }
  const consumers = natsCommand('nats consumer report EXITS', 'report', 'EXITS');
  return {
    'choreographed: tracker': [emsCommand('tracker', '--once'), emsCommand('trace', employeeId), consumers],
    'choreographed: ems without tracker': [
      emsCommand('list', '--attention'),
      emsCommand('status', employeeId),
      consumers,
    ],
    'choreographed: nats alone': [
      natsCommand(
        `nats stream view EXITS --subject 'exit.${employeeId}.>'`,
        'view',
        'EXITS',
        `exit.${employeeId}.>`,
      ),
      natsCommand('nats consumer report EXITS', 'report', 'EXITS'),
      natsCommand(`nats stream view EXITS_DEAD_LETTERS`, ...['view', 'EXITS_DEAD_LETTERS', 'dead-letter.>']),
    ],
  };
}

interface Stuck {
  name: string;
  /** Makes an exit stand still. */
  make: (world: World, form: Form) => Promise<Exit>;
  /** What a reader has to see in order to know why. */
  cause: RegExp;
  mend: (form: Form) => Promise<void>;
}

const ways: Stuck[] = [
  {
    name: "the manager's address is refused",
    make: async ({ outside }, form) => {
      const exit = await resign(form, nextEmployee().replace('C-', 'X-'));
      await untilSeen(outside, exit, ['blocked', 'invited']);
      return exit;
    },
    cause: /no such mailbox/,
    mend: () => Promise.resolve(),
  },
  {
    name: 'the access service does not run',
    make: async ({ outside }, form) => {
      await form.part('access').stop();
      const exit = await resign(form);
      await untilSeen(outside, exit, ['told', 'invited']);
      return exit;
    },
    // The service has work and does not take it: a backlog at its queue, or messages that its consumer has not pulled. That something
    // is late does not say so: a slow system would look the same.
    cause:
      /^ *UNVERSIONED +activity +[1-9]|^access-payroll\t\d+\t\d+\t[1-9]\d*\t0$|does not run|not running/m,
    mend: (form) => form.part('access').start(),
  },
];

export const diagnosis: Phase<Figures> = {
  name: 'diagnosis',
  forms: 'none',
  minutes: () => 1.2,
  async measure(world) {
    const temporal = await findTemporal(world.progress);
    const figures: Figures = [];
    for (const kind of kinds) {
      const form = await startForm({
        ...{ kind, layout: 'split', folder: `${world.folder}/diagnosis`, outside: world.outside.env },
        config: [['attentionAfter: PT15M', `attentionAfter: PT${ATTENTION_AFTER_MS / 1000}S`]],
      });
      try {
        await runToEnd(form, world.outside, await resign(form));
        for (const stuck of ways) {
          world.progress(`diagnosis: ${kind}, ${stuck.name}`);
          const exit = await stuck.make(world, form);
          await pause(ATTENTION_AFTER_MS + 1_000);
          for (const [by, commands] of Object.entries(waysOf(form, temporal, exit)))
            figures.push({ stuck: stuck.name, by, ...(await ask(world, form, commands, stuck.cause)) });
          await stuck.mend(form);
        }
      } finally {
        await form.stop();
      }
    }
    return figures;
  },
  page: (figures) =>
    [
      markdown(
        ['why it stands still', 'asked with', 'commands', 'until the cause is named, s', 'which'],
        figures.map(({ stuck, by, commands, found }) => [
          stuck,
          by,
          String(commands.length),
          found ? (commands.reduce((sum, { ms }) => sum + ms, 0) / 1000).toFixed(1) : 'not named',
          commands.map(({ command }) => `\`${command.replaceAll('|', '\\|')}\``).join(', '),
        ]),
      ),
      'What the last of them shows:',
      ...figures.map(
        ({ stuck, by, commands }) =>
          `<details><summary>${stuck} – ${by}</summary>\n\n\`\`\`text\n${commands.at(-1)!.output}\n\`\`\`\n\n</details>`,
      ),
    ].join('\n\n'),
};

async function ask(
  { scale }: World,
  form: Form,
  commands: readonly Command[],
  cause: RegExp,
): Promise<{ commands: Asked[]; found: boolean }> {
  const asked: Asked[] = [];
  for (const command of commands) {
    const runs = [];
    for (let i = 0; i < scale.asks; i += 1) runs.push(await run(command, form.env));
    const { output } = runs[0]!;
    const namesCause = cause.test(output);
    asked.push({
      command: command.typed,
      ms: median(runs.map(({ ms }) => ms)),
      output: short(output),
      namesCause,
    });
    if (namesCause) return { commands: asked, found: true };
  }
  return { commands: asked, found: false };
}

/** A refusal is an answer, too. */
function run(
  { program, args }: Command,
  env: Record<string, string>,
): Promise<{ ms: number; output: string }> {
  const begin = Date.now();
  return new Promise((resolve, reject) => {
    const bare = { PATH: process.env['PATH'] ?? '', EMS_HOME: '/nonexistent', ...env };
    execFile(program, args, { env: bare, timeout: 30_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') return reject(error);
      resolve({ ms: Date.now() - begin, output: stdout + stderr });
    });
  });
}

const LINES = 24;

/** Its end, as a page of a document bears it, and without the name of this machine. */
function short(output: string): string {
  const lines = output.replaceAll(os.hostname(), 'host').trimEnd().split('\n');
  return lines
    .slice(-LINES)
    .map((line) => line.slice(0, 160))
    .join('\n');
}
