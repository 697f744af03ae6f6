/** The documents in `bench/results`: each phase has a place between two markers, and writes there and nowhere else. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { promisify } from 'node:util';
import { format, resolveConfig } from 'prettier';
import { findNats } from '../../src/local/find-nats.js';
import { findTemporal } from '../../src/local/find-temporal.js';

const execute = promisify(execFile);

/** @throws Error where the document lacks the place */
export async function writePlaces(file: string, places: ReadonlyMap<string, string>): Promise<void> {
  let text = await readFile(file, 'utf8');
  for (const [name, content] of places) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from)
      throw new Error(
        `${file} has no place for ${name}: put "${begin}" and "${end}" where its tables belong`,
      );
    text = `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
  }
  await writeFile(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

/** The machine and the versions in one line: figures of two machines are not to be compared. */
export async function machine(): Promise<string> {
  const cpu = os.cpus()[0]?.model.trim() ?? os.arch();
  const memory = `${Math.round(os.totalmem() / 2 ** 30)} GB`;
  const [temporal, nats] = await Promise.all([
    findTemporal(console.error).then((program) => execute(program, ['--version'])),
    findNats(console.error).then((program) => execute(program, ['--version'])),
  ]);
  const versions = [`Node.js ${process.versions.node}`, temporal.stdout.trim(), nats.stdout.trim()];
  return `${os.availableParallelism()} cores (${cpu}), ${memory}, ${os.type()}; ${versions.join('; ')}`;
}
