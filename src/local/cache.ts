/** Where fetched programs are kept: once per machine and version, in the user's cache folder. */
import { chmod, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import envPaths from 'env-paths';
import { ifFound } from './if-found.js';

const cacheFolder = (): string => envPaths('exit-management-system', { suffix: '' }).cache;

/** Tries to put a program, or a folder with one, into `folder`; returns its path there. */
export interface Source {
  name: string;
  fetch: (folder: string) => Promise<string>;
}

interface Wanted {
  /** `temporal-1.9.1`: a new version is a new file. */
  file: string;
  /** The sources, best first. */
  sources: readonly Source[];
  /** Three lines for a person, for when no source works. */
  advice: string;
}

/**
 * The cached program, fetched if need be. A fetch goes to a folder of its own and is moved into place whole: an interruption, or a
 * second process that fetches at the same time, leaves nothing half-done.
 */
export async function cached(
  { file, sources, advice }: Wanted,
  report: (line: string) => void,
): Promise<string> {
  const target = path.join(cacheFolder(), file);
  if (await exists(target)) return target;

  await mkdir(cacheFolder(), { recursive: true });
  const failures: string[] = [];
  for (const { name, fetch } of sources) {
    const folder = await mkdtemp(path.join(cacheFolder(), 'fetching-'));
    try {
      report(`fetching ${file} (${name}) …`);
      const fetched = await fetch(folder);
      await chmod(fetched, 0o755);
      await rename(fetched, target);
      report(`fetched ${file}, kept in ${cacheFolder()}`);
      return target;
    } catch (error) {
      // Another process was faster: a folder, unlike a file, cannot be moved onto one that is there.
      if (await exists(target)) return target;
      const why = (error as Error).message.split('\n')[0];
      report(`not from there: ${why}`);
      failures.push(`${name}: ${why}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new Error(
    `${file} could not be fetched.\n${failures.map((line) => `  ${line}`).join('\n')}\n${advice}`,
  );
}

const exists = async (file: string): Promise<boolean> => (await ifFound(stat(file))) !== undefined;
