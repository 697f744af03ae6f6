/** The cache of fetched programs, one file per version, in the user's cache folder. */
import { chmod, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import envPaths from 'env-paths';
import { ifFound } from './if-found.js';

const cacheFolder = (): string => envPaths('exit-management-system', { suffix: '' }).cache;

/** Fetches a program, or a folder with one, into `folder`, and returns its path there. */
export interface Source {
  name: string;
  fetch: (folder: string) => Promise<string>;
}

interface Wanted {
  /** With its version: `temporal-1.9.1`. */
  file: string;
  /** In order of preference. */
  sources: readonly Source[];
  /** Three lines on what to install, for the error. */
  advice: string;
}

/**
 * Returns the cached program, and fetches it where it is missing. A fetch goes to a temporary folder and is renamed into place: an
 * interruption or a concurrent fetch leaves no partial file.
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
      // Another process was faster: unlike a file, a folder cannot replace an existing one.
      if (await exists(target)) return target;
      const why = (error as Error).message.split('\n')[0];
      report(`${name} failed: ${why}`);
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
